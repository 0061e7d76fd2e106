import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { StoredUpload } from '../storage/upload-storage.js';
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
export async function discard(deps: UploadDeps, lock: Lock, reason: unknown): Promise<void> {
  const { id, epoch } = lock.upload;
  try {
    if ((await deps.repository.terminate(id, epoch)) !== 'done') return;
    lock.forget();
    deps.hooks.failed(lock.upload, reason);
    await deps.storage.remove(storedUpload(deps, lock.upload), false);
    await deps.repository.erase(id);
  } catch (error) {
    deps.background.run(() => Promise.reject(error));
  }
}

/** Removes what uploads that are complete, or gone, still have on record besides their objects. */
export async function discardLeftParts(deps: UploadDeps): Promise<void> {
  await eachBatch(
    (after) => deps.repository.withLeftParts(BATCH, after, deps.storage.partialsLeaveWork),
    async (uploads) => void (await freeEach(deps, uploads, (upload) => deps.storage.discardWork(upload))),
  );
}

/** Frees the bytes of partials that a merge no longer needs; their rows stay (CON-27). */
export async function releasePartials(deps: UploadDeps): Promise<void> {
  await eachBatch(
    (after) => deps.repository.releasing(BATCH, after),
    async (partials) => {
      const removed = await freeEach(deps, partials, (partial) => deps.storage.remove(partial, false));
      if (removed.length > 0) await deps.repository.released(removed);
    },
  );
}

/** Goes along the ids, so that what cannot be freed does not come up again in the same round. */
async function eachBatch(
  find: (after: string) => Promise<UploadRecord[]>,
  free: (uploads: readonly UploadRecord[]) => Promise<void>,
): Promise<void> {
  let after = '';
  for (;;) {
    const uploads = await find(after);
    await free(uploads);
    const last = uploads.at(-1);
    if (!last || uploads.length < BATCH) return;
    after = last.id;
  }
}

/** Resolves with the ids of those that were freed. One that cannot be keeps none of the others. */
async function freeEach(
  deps: UploadDeps,
  uploads: readonly UploadRecord[],
  free: (upload: StoredUpload) => Promise<void>,
): Promise<string[]> {
  const queue = [...uploads];
  const freed: string[] = [];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let upload = queue.pop(); upload; upload = queue.pop()) {
      const { id } = upload;
      await free(storedUpload(deps, upload)).then(
        () => freed.push(id),
        (error: unknown) => failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (failures.length > 0) deps.background.run(() => Promise.reject(failures[0]));
  return freed;
}
