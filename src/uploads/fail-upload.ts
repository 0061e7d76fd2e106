import type { Lock } from '../locks/locker.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** The upload can never be completed: clients see 410, and what it stored is freed. */
export async function failUpload(deps: UploadDeps, lock: Lock, reason: unknown): Promise<void> {
  const failed = await lock.release({ state: 'terminating', ending: 'failed' });
  deps.hooks.failed(failed, reason);
  deps.background.run(() => freeUpload(deps, failed.id));
}
