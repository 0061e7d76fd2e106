import type { Part } from '../../model/part.js';
import { inParallel } from '../parts/in-parallel.js';
import { partEndingAt } from '../parts/parts-up-to.js';
import type { StoredUpload } from '../upload-storage.js';
import { removeUnlessKept } from './cleaner.js';
import { Composer } from './composer.js';
import type { GcsApi } from './gcs.api.js';
import type { Keys } from './keys.js';
import type { KnownParts } from './known-parts.js';
import type { GcsObjectSettings } from './object-settings.js';
import { Objects } from './objects.js';
import { MOST_SOURCES } from './options.js';
import { componentOf, tagOf } from './part-tag.js';

/** Objects that are removed at the same time. */
const CONCURRENCY = 8;
/** Milliseconds for all of it: the client has its bytes stored, and waits for its answer. */
const MOST_MILLISECONDS = 10_000;

/**
 * The parts that short requests have left at the end of an upload, once there are so many that one request composes
 * them. They become one part, which is small itself until it has grown to a whole one.
 */
function partsToJoin(parts: readonly Part[], offset: number, partSize: number): readonly Part[] {
  const last: Part[] = [];
  let end = offset;
  while (last.length < MOST_SOURCES) {
    const part = end > 0 ? partEndingAt(parts, end) : undefined;
    if (!part || part.length >= partSize) return [];
    last.unshift(part);
    end = part.start;
  }
  return last;
}

export interface SmallPartsDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
  readonly settings: GcsObjectSettings;
  /** Bytes of a whole part. */
  readonly partSize: number;
  /** Milliseconds that a small request has for its answer. */
  readonly requestTimeout: number;
}

/** Joins small parts as they come: many short requests do not leave as many objects. */
export class SmallParts {
  constructor(private readonly deps: SmallPartsDeps) {}

  /** Bytes before the end of an upload that hold all parts that are joined. */
  get reach(): number {
    return MOST_SOURCES * this.deps.partSize;
  }

  /**
   * Only what the row has counted before this append: nobody needs the single parts again. Never rejects: as long as it
   * fails the parts stay as they are, and the next append tries again. It tries once, within seconds, and no longer than
   * until `signal` aborts: meanwhile it holds the lease.
   */
  async join(upload: StoredUpload, known: KnownParts, signal: AbortSignal): Promise<void> {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = setTimeout(stop, Math.min(this.deps.requestTimeout, MOST_MILLISECONDS));
    signal.addEventListener('abort', stop);
    try {
      const small = partsToJoin(known.all, upload.offset, this.deps.partSize);
      if (small.length > 0) await this.replace(upload, { known, small, signal: limit.signal });
    } catch {
      // What was made is found by its name when the upload is cleaned up.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** The new part is on record before the old ones go; where both are, the newer number counts. */
  private async replace(upload: StoredUpload, { known, small, signal }: Joining): Promise<void> {
    const { keys, settings } = this.deps;
    const api = this.deps.api.until(signal);
    const composer = new Composer({ api, keys, settings, objects: new Objects({ api }) });
    const number = 1 + Math.max(...known.all.map((part) => part.number));
    const place = { number, epoch: upload.epoch, start: small[0]?.start ?? 0 };
    const components = small.map((part) => componentOf(part, keys.part(upload, part)));
    const joined = await composer.part(upload, components, keys.part(upload, place));
    await known.record([{ ...place, length: joined.length, tag: tagOf(joined), tail: false }]);
    await inParallel(CONCURRENCY, components, (component) => removeUnlessKept(api, component));
    await known.forget(small.map((part) => part.number));
  }
}

interface Joining {
  readonly known: KnownParts;
  readonly small: readonly Part[];
  readonly signal: AbortSignal;
}
