import { inParallel } from '../parts/in-parallel.js';
import type { StoredUpload } from '../upload-storage.js';
import type { GcsApi, GcsObject } from './gcs.api.js';
import { GcsError } from './gcs.error.js';
import type { Keys } from './keys.js';
import { isOf, isStill } from './objects.js';

/** Requests of one clean-up at the same time. */
const CONCURRENCY = 8;

export interface CleanerDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
}

/** Removes what an upload has left. Each step can be repeated, and the record goes last. */
export class Cleaner {
  constructor(private readonly deps: CleanerDeps) {}

  /** What an upload needed until it was complete. */
  async discardWork(upload: StoredUpload): Promise<void> {
    const parts = await upload.parts.list();
    // Its first writer has sent it in one request: there was nothing else.
    if (upload.kind !== 'final' && upload.epoch <= 1 && parts.length === 0) return;
    await this.removeParts(upload);
  }

  async remove(upload: StoredUpload, published: boolean): Promise<void> {
    // First, so that nobody makes the object of them after it was looked for.
    await this.removeParts(upload);
    const object = await this.deps.api.find(this.deps.keys.object(upload));
    if (!object) return;
    const isOurs = isOf(upload, object) || (published && isStill(upload, object));
    if (isOurs) await removeUnlessKept(this.deps.api, object);
  }

  /** By their names, since a crash leaves parts that never came on record. */
  private async removeParts(upload: StoredUpload): Promise<void> {
    const { api, keys } = this.deps;
    const prefix = keys.parts(upload);
    for (let pageToken: string | undefined, more = true; more;) {
      const { objects, next } = await api.list({ prefix, pageToken });
      await inParallel(CONCURRENCY, objects, (object) => removeUnlessKept(api, object));
      pageToken = next;
      more = next !== undefined;
    }
    await upload.parts.forget();
  }
}

/** What a retention or a hold keeps will not go for a long time: nobody tries again. */
export async function removeUnlessKept(
  api: GcsApi,
  object: Pick<GcsObject, 'name' | 'generation'>,
): Promise<void> {
  try {
    await api.remove(object);
  } catch (error) {
    if (!(error instanceof GcsError) || !error.isRetained) throw error;
  }
}
