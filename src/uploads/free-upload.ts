import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { storedUpload } from './stored-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** How many storage calls of one clean-up run at once. */
const CONCURRENCY = 8;
const BATCH = 500;

/**
 * Frees what a `terminating` upload stored and turns it into a tombstone, under a lease: a second remover that came
 * late could meet another upload's object under a key that is used again. A crash in between leaves it `terminating`.
 */
export async function freeUpload(deps: UploadDeps, id: string): Promise<void> {
  const lock = await deps.locker.tryAcquire(id, ['terminating']);
  if (!lock) return;
  await underLock(lock, async () => {
    await deps.storage.remove(storedUpload(deps, lock.upload), lock.upload.completedAt !== null);
    await deps.repository.bury(id);
    lock.forget();
  });
}

/** Removes an upload that its client was never told of: no row, no bytes. What fails here maintenance does later. */
export async function discard(deps: UploadDeps, lock: Lock): Promise<void> {
  const { id, epoch } = lock.upload;
  try {
    if ((await deps.repository.terminate(id, epoch)) !== 'done') return;
    lock.forget();
    await deps.storage.remove(storedUpload(deps, lock.upload), false);
    await deps.repository.erase(id);
  } catch (error) {
    deps.background.run(() => Promise.reject(error));
  }
}

/** Frees the bytes of partials that a merge no longer needs; their rows stay (CON-27). */
export async function releasePartials(deps: UploadDeps): Promise<void> {
  let after = '';
  for (;;) {
    const partials = await deps.repository.releasing(BATCH, after);
    await releaseBatch(deps, partials);
    const last = partials.at(-1);
    if (!last || partials.length < BATCH) return;
    after = last.id;
  }
}

/** One that cannot be removed keeps none of the others; it comes up again in the next round. */
async function releaseBatch(deps: UploadDeps, partials: readonly UploadRecord[]): Promise<void> {
  const queue = [...partials];
  const removed: string[] = [];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let partial = queue.pop(); partial; partial = queue.pop()) {
      const { id } = partial;
      await deps.storage.remove(storedUpload(deps, partial), false).then(
        () => removed.push(id),
        (error: unknown) => failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (removed.length > 0) await deps.repository.released(removed);
  if (failures.length > 0) deps.background.run(() => Promise.reject(failures[0]));
}
