import type { Lock } from '../locks/locker.js';
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
  try {
    await deps.storage.remove(lock.upload, lock.upload.completedAt !== null);
    await deps.repository.bury(id);
    lock.forget();
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Removes an upload that its client was never told of: no row, no bytes. */
export async function discard(deps: UploadDeps, lock: Lock): Promise<void> {
  const { upload } = lock;
  await deps.repository.terminate(upload.id, upload.epoch);
  lock.forget();
  await deps.storage.remove(upload, false);
  await deps.repository.erase(upload.id);
}

/** Frees the bytes of partials that a merge no longer needs; their rows stay (CON-27). */
export async function releasePartials(deps: UploadDeps): Promise<void> {
  for (;;) {
    const partials = await deps.repository.releasing(BATCH);
    const queue = [...partials];
    const worker = async () => {
      for (let partial = queue.pop(); partial; partial = queue.pop())
        await deps.storage.remove(partial, false);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    if (partials.length > 0) await deps.repository.released(partials.map(({ id }) => id));
    if (partials.length < BATCH) return;
  }
}
