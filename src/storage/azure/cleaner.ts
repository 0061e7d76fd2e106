import type { StoredUpload } from '../upload-storage.js';
import { inParallel } from '../parts/in-parallel.js';
import { tryAgain } from '../parts/try-again.js';
import type { AzureApi } from './azure.api.js';
import { isContended } from './azure.error.js';
import type { Blocks } from './blocks.js';
import type { Keys } from './keys.js';
import { isStill, writerOf } from './marker.js';
import { isStaged } from './reference.js';

/** Requests of one clean-up at the same time. */
const CONCURRENCY = 4;

export interface CleanerDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  readonly blocks: Blocks;
}

/** Removes what an upload has left, but for what a policy retains. Each step can be repeated, and the record goes last. */
export class Cleaner {
  constructor(private readonly deps: CleanerDeps) {}

  /** What an upload needed until it was complete: the commit has dropped its other blocks. */
  discardWork(upload: StoredUpload): Promise<void> {
    return this.removeTails(upload);
  }

  async remove(upload: StoredUpload, published: boolean): Promise<void> {
    // A blob that appears, or changes, between two steps is looked at again.
    await tryAgain(() => this.removeBlob(upload, published), { passes: isContended });
    await this.removeTails(upload);
  }

  private async removeBlob(upload: StoredUpload, published: boolean): Promise<void> {
    const { api, keys, blocks } = this.deps;
    const name = keys.object(upload);
    const blob = await api.head(name);
    if (!blob) return isStaged(upload) ? blocks.discard(upload) : undefined;
    if (!(published ? isStill(blob, upload) : writerOf(blob, upload) !== undefined)) return;
    await api.deleteBlob(name, blob.etag);
  }

  private async removeTails(upload: StoredUpload): Promise<void> {
    const parts = await upload.parts.list();
    if (parts.length === 0) return;
    const tails = parts.filter(({ tail }) => tail);
    await inParallel(CONCURRENCY, tails, async (tail) => {
      await this.deps.api.deleteBlob(this.deps.keys.tail(upload.id, tail));
    });
    await upload.parts.forget();
  }
}
