import { UploadInUseError } from '../model/errors/upload-in-use.error.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { UploadState } from '../model/upload.js';
import { admitted } from './access.js';
import type { Access } from './access.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

const WRITABLE: readonly UploadState[] = ['open', 'finishing', 'planning', 'pending', 'merging'];

/**
 * Deletes an upload. Once the row says `terminating` it is gone for clients; freeing is tried at once and retried by
 * maintenance (TER-06). Of two at once one finds the row changed and answers 404 (TER-03).
 */
export async function terminateUpload(deps: UploadDeps, id: string, access?: Access): Promise<void> {
  const upload = await admitted(deps, id, { operation: 'terminate', access });
  refusePinned(upload);
  const lock = WRITABLE.includes(upload.state) ? await lockFor(deps, id) : undefined;
  const terminate = async () => {
    const done = await deps.repository.terminate(id, lock?.upload.epoch);
    if (done === 'pinned') throw new UploadInUseError();
    lock?.forget();
    return done;
  };
  const result = lock ? await underLock(lock, terminate) : await terminate();
  // Somebody was faster: look again at what the row says now. Whether it may be deleted was asked.
  if (result === 'lost') return terminateUpload(deps, id);
  deps.background.run(() => freeUpload(deps, id));
}

async function lockFor(deps: UploadDeps, id: string): Promise<Lock | undefined> {
  const acquired = await deps.locker.acquire({ id, states: WRITABLE, ask: 'terminate', check: refusePinned });
  return acquired.lock;
}

function refusePinned(upload: UploadRecord): void {
  if (upload.pins > 0) throw new UploadInUseError();
}
