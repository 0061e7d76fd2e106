import { StorageError } from '../../model/errors/storage.error.js';
import { Gate } from '../parts/gate.js';
import { GatheredPart } from '../parts/gathered-part.js';
import { inParallel } from '../parts/in-parallel.js';
import type { PartMemory } from '../parts/part-memory.js';
import { PartRecorder } from '../parts/part-recorder.js';
import { tryAgain } from '../parts/try-again.js';
import type { ConcatSource, StoredUpload, WriteContext } from '../upload-storage.js';
import { concatParts, missingParts, piecesOf } from './concat-parts.js';
import type { ConcatPart } from './concat-parts.js';
import type { ConcatLimits, Piece } from './concat-plan.js';
import type { Keys } from './keys.js';
import type { Multiparts } from './multiparts.js';
import type { Publisher } from './publisher.js';
import { LEAST_PART } from './options.js';
import { parseReference } from './reference.js';
import type { Multipart, S3Api } from './s3.api.js';
import { isBroken, S3Error } from './s3.error.js';
import { SourceObjects } from './source-objects.js';

/** Copies of one final at the same time: they cost the server nothing but waiting. */
const COPIES = 8;
/** Parts of one final that pass through the server at the same time. */
const STREAMS = 2;
/** None of its memory comes back while a part is gathered. */
const patience = () => Promise.resolve(false);

export interface ConcatenatorDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  readonly multiparts: Multiparts;
  readonly publisher: Publisher;
  readonly memory: PartMemory;
  /** What the store allows for a final of so many bytes. */
  readonly limits: (bytes: number) => ConcatLimits;
}

/** Makes the parts of a final of its sources, so that only Complete is left to do. */
export class Concatenator {
  private readonly sources: SourceObjects;

  constructor(private readonly deps: ConcatenatorDeps) {
    this.sources = new SourceObjects(deps);
  }

  /** A second call does what is not on record yet. */
  async concatenate(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    context: WriteContext,
  ): Promise<void> {
    const bytes = sources.reduce((sum, { length }) => sum + length, 0);
    const parts = concatParts(sources, this.deps.limits(bytes));
    if (parts.length === 0) return;
    const known = this.deps.multiparts.of(final, parseReference(final.reference));
    const missing = known ? missingParts(parts, await final.parts.list()) : undefined;
    if (known && missing) {
      try {
        return await this.make(missing, { final, sources, context, multipart: known });
      } catch (error) {
        if (!(error instanceof S3Error && error.code === 'NoSuchUpload')) throw error;
        // Completed by somebody who has lost its right since, or aborted by a rule of the bucket.
        if ((await this.deps.publisher.findAfter({ upload: final, since: 0 }, error)) === 'made') return;
      }
    }
    const multipart = await this.begin(final, context);
    await this.make(parts, { final, sources, context, multipart });
  }

  /** What an earlier call has made does not count: it goes from the record before its place is taken. */
  private async begin(final: StoredUpload, context: WriteContext): Promise<Multipart> {
    const { multiparts } = this.deps;
    const reference = parseReference(final.reference);
    if (reference.multipart !== undefined) {
      await multiparts.abort(final, reference);
      await final.parts.forget();
    }
    return multiparts.begin(final, reference, { record: (text) => context.record(text) });
  }

  private async make(parts: readonly ConcatPart[], merge: Merge): Promise<void> {
    if (parts.length === 0) return;
    const recorder = new PartRecorder(merge.final.parts);
    const etags = await this.sources.etags(merge.sources);
    const working = { ...merge, etags, streams: new Gate(STREAMS) };
    const store = async (part: ConcatPart) => {
      if (merge.context.signal.aborted) throw new StorageError('unavailable', 'The merge was stopped.');
      const tag = await this.store(part, working);
      const { number, start, length } = part;
      await recorder.add({ number, epoch: merge.final.epoch, start, length, tag, tail: false });
    };
    const copied = parts.filter(({ planned }) => 'copy' in planned);
    const streamed = parts.filter(({ planned }) => 'stream' in planned);
    const done = await Promise.allSettled([
      inParallel(COPIES, copied, store),
      inParallel(STREAMS, streamed, store),
    ]);
    for (const outcome of done) if (outcome.status === 'rejected') throw outcome.reason;
  }

  private async store(part: ConcatPart, merge: WorkingMerge): Promise<string> {
    const { number, planned } = part;
    const { multipart, final } = merge;
    if ('stream' in planned) return this.stream(part, merge);
    const { key, range, etag, objectLength } = this.placed(planned.copy, merge);
    const whole = part.length === objectLength;
    // A source that is a range of another final may be in an object that is too small for copies of ranges.
    if (!whole && objectLength <= LEAST_PART) return this.stream(part, merge);
    const copied = { number, source: key, etag, range: whole ? undefined : range };
    const tag = await this.deps.multiparts
      .copy(final, multipart, copied)
      .catch((error: unknown) => Promise.reject(replaced(error) ? lost(key, error) : error));
    return tag ?? this.stream(part, merge);
  }

  /** Reads the pieces of a part, and sends them again as one. */
  private stream(part: ConcatPart, merge: WorkingMerge): Promise<string> {
    return merge.streams.pass(() => this.send(part, merge));
  }

  private async send(part: ConcatPart, merge: WorkingMerge): Promise<string> {
    const { memory, multiparts } = this.deps;
    const { number, length } = part;
    const gather = async () => {
      const gathered = new GatheredPart(
        { memory, patience },
        { start: part.start, size: length, fills: 'surely' },
      );
      try {
        for (const piece of piecesOf(part.planned)) await this.read(piece, merge, gathered);
        return gathered;
      } catch (error) {
        await gathered.free();
        throw error;
      }
    };
    const gathered = await tryAgain(gather, { passes: isBroken });
    try {
      return await multiparts.put(merge.final, merge.multipart, { number, length, body: gathered.body() });
    } finally {
      await gathered.free();
    }
  }

  private async read(piece: Piece, merge: WorkingMerge, gathered: GatheredPart): Promise<void> {
    const { key, range, etag } = this.placed(piece, merge);
    try {
      const chunks = this.deps.api.chunks(key, piece.length, { range, etag });
      for await (const chunk of chunks) await gathered.add([chunk]);
    } catch (error) {
      throw replaced(error) ? lost(key, error) : error;
    }
  }

  /** Where the bytes of a piece are. */
  private placed(piece: Piece, { sources, etags }: WorkingMerge) {
    const source = sources[piece.source];
    if (!source) throw new RangeError(`There is no source ${piece.source}.`);
    const { upload } = source;
    const start = source.start + piece.start;
    return {
      key: this.deps.keys.object(upload),
      etag: etags.get(upload.id),
      range: { start, end: start + piece.length - 1 },
      objectLength: upload.length ?? upload.offset,
    };
  }
}

interface Merge {
  readonly final: StoredUpload;
  readonly sources: readonly ConcatSource[];
  readonly context: WriteContext;
  readonly multipart: Multipart;
}

interface WorkingMerge extends Merge {
  /** Of the sources, by the ids of their uploads. */
  readonly etags: ReadonlyMap<string, string>;
  /** For what passes through the server: also parts that were planned as copies. */
  readonly streams: Gate;
}

/** A condition on the source is the only one that a copy has, or a download. */
function replaced(error: unknown): boolean {
  return error instanceof S3Error && error.code === 'PreconditionFailed';
}

function lost(key: string, cause: unknown): StorageError {
  return new StorageError('missing', `The object ${key} is not the one that was stored.`, { cause });
}
