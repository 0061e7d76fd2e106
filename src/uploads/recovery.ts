import { StorageError } from '../model/errors/storage.error.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { resumeMerge } from './concatenate-uploads.js';
import { finishUpload } from './finish-upload.js';
import { freeUpload, releasePartials } from './free-upload.js';
import type { Merges } from './merges.js';
import type { UploadDeps } from './upload-deps.js';

const BATCH = 100;
/** A tombstone answers 404 or 410 for this long (EXP-06). */
const TOMBSTONE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Takes up what crashes and failures left behind. Each step may run on several instances at once: leases decide. */
export class Recovery {
  constructor(
    private readonly deps: UploadDeps,
    private readonly merges: Merges,
    private readonly onError: (error: unknown, uploadId: string) => void,
  ) {}

  /** Goes on with uploads that were being published, merged or removed. */
  async resume(): Promise<void> {
    const left = await this.deps.repository.abandoned(['finishing', 'merging', 'terminating'], BATCH);
    for (const upload of left) {
      try {
        await this.resumeOne(upload);
      } catch (error) {
        this.onError(error, upload.id);
      }
    }
  }

  /** Frees the bytes of merged partials whose removal failed or was cut short. */
  async release(): Promise<void> {
    await releasePartials(this.deps);
  }

  async forgetTombstones(): Promise<void> {
    await this.deps.repository.forgetTombstones(TOMBSTONE_MILLISECONDS);
  }

  /** Removes working bytes that no row knows. */
  async sweep(): Promise<void> {
    await this.deps.storage.sweep?.((ids) => this.deps.repository.withWorkingBytes(ids));
  }

  private async resumeOne(upload: UploadRecord): Promise<void> {
    if (upload.state === 'terminating') return freeUpload(this.deps, upload.id);
    if (upload.kind === 'final') {
      const merge = await resumeMerge(this.deps, this.merges, upload.id);
      await merge?.done;
      return;
    }
    await this.resumeFinishing(upload.id);
  }

  private async resumeFinishing(id: string): Promise<void> {
    const lock = await this.deps.locker.tryAcquire(id, ['finishing']);
    if (!lock) return;
    const { offset, length } = lock.upload;
    // Inserted as `finishing` with its POST: the process may have ended before all bytes had arrived.
    if (length !== null && offset < length && !(await this.isWhole(lock.upload, length))) {
      await lock.release({ state: 'open' });
      return;
    }
    await finishUpload(this.deps, lock, length ?? offset);
  }

  private async isWhole(upload: UploadRecord, length: number): Promise<boolean> {
    try {
      await this.deps.storage.complete({ ...upload, offset: length });
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'missing') return false;
      throw error;
    }
  }
}
