import type { Lock } from '../locks/locker.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * The final can never be merged: clients see 410, its partials are unpinned, and what it stored is freed. A crash
 * after the statement leaves it `terminating`, which recovery takes up; of two at once the epoch lets one through.
 */
export async function failFinal(deps: UploadDeps, lock: Lock, reason: unknown): Promise<void> {
  const { id, epoch } = lock.upload;
  if (!(await deps.repository.failFinal(id, epoch))) return void (await lock.release());
  lock.forget();
  deps.hooks.failed(lock.upload, reason);
  deps.background.run(() => freeUpload(deps, id));
}
