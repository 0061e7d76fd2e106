import type { Lock } from '../locks/locker.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { ConcatSource } from '../storage/upload-storage.js';
import { announceCompletion, completion } from './finish-upload.js';
import { adoptionCandidate, haveMoved, sourcesOf } from './final-plan.js';
import { freeUpload, releasePartials } from './free-upload.js';
import { asStorageError, isFinal, refusalOf } from './storage-refusal.js';
import type { UploadDeps } from './upload-deps.js';
import { LeaseLostError } from '../locks/lease-lost.error.js';

/** A merge that runs in this process. */
export interface Merge {
  readonly done: Promise<UploadRecord>;
  /** Set once a client was told of the final: from then on a failure is retried instead of undone (CON-31). */
  answered: boolean;
}

/**
 * The merges of this process. `merging` → stitch → `finishing` → publish → `complete`: a crash between any two is
 * taken up again from the row by whoever gets the lease, and the storage's steps can be repeated.
 */
export class Merges {
  private readonly running = new Map<string, Merge>();

  constructor(private readonly deps: UploadDeps) {}

  get(finalId: string): Merge | undefined {
    return this.running.get(finalId);
  }

  start(lock: Lock, answered: boolean): Merge {
    const { id } = lock.upload;
    const merge: Merge = {
      answered,
      done: this.run(lock, () => merge.answered).finally(() => this.running.delete(id)),
    };
    this.running.set(id, merge);
    // The request may have been answered, or its client be gone: the merge goes on (CON-31).
    this.deps.background.run(() => merge.done);
    return merge;
  }

  private async run(lock: Lock, answered: () => boolean): Promise<UploadRecord> {
    try {
      if (lock.upload.state !== 'finishing') await this.stitch(lock);
      await this.deps.storage.complete(lock.upload);
      return await this.complete(lock);
    } catch (error) {
      throw await this.failed(lock, error, answered());
    }
  }

  private async stitch(lock: Lock): Promise<void> {
    const { deps } = this;
    const { id, length } = lock.upload;
    let list = await deps.repository.partialsOf(id);
    const candidate = deps.settings.keepPartials ? undefined : adoptionCandidate(list);
    let adopted =
      candidate !== undefined && (await deps.repository.claimBytes(candidate, id)) ? candidate : undefined;
    for (;;) {
      try {
        await this.write(lock, sourcesOf(list, adopted));
        break;
      } catch (error) {
        // Another final has taken bytes of the same partials meanwhile: they are found in it (CON-27).
        const now = await deps.repository.partialsOf(id);
        if (lock.signal.aborted || !haveMoved(list, now)) throw error;
        list = now;
        adopted = undefined;
      }
    }
    await lock.write({ state: 'finishing', offset: length ?? 0 });
  }

  private write(lock: Lock, sources: readonly ConcatSource[]): Promise<void> {
    return this.deps.storage.concatenate(lock.upload, sources, {
      fenced: lock.fenced,
      signal: lock.signal,
      record: async (reference) => void (await lock.write({ reference })),
    });
  }

  private async complete(lock: Lock): Promise<UploadRecord> {
    const { deps } = this;
    const { id, epoch } = lock.upload;
    const release = !deps.settings.keepPartials;
    const completed = await deps.repository.completeFinal(id, epoch, completion(deps), release);
    lock.forget();
    if (!completed) throw new LeaseLostError(id);
    announceCompletion(deps, completed);
    if (release) deps.background.run(() => releasePartials(deps));
    return completed;
  }

  private async failed(lock: Lock, error: unknown, answered: boolean): Promise<unknown> {
    if (error instanceof LeaseLostError) return error;
    const { deps } = this;
    const { id, epoch } = lock.upload;
    const failure = asStorageError(error);
    const lasting = isFinal(failure) || !answered;
    // Stopped for a shutdown or a DELETE: the row stays as it is, for whoever takes the lease next.
    if (lock.signal.aborted || !lasting) {
      await lock.release();
    } else if (await deps.repository.failFinal(id, epoch)) {
      lock.forget();
      deps.background.run(() => freeUpload(deps, id));
    }
    return refusalOf(failure);
  }
}
