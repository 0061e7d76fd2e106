import { UploadInUseError } from '../model/errors/upload-in-use.error.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { RequestContext } from '../model/request-context.js';
import type { UploadState } from '../model/upload.js';
import { admitted } from './access.js';
import type { Access } from './access.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** On whose behalf, and by which request, an upload is deleted. */
export interface Terminator {
  readonly access?: Access | undefined;
  readonly context?: RequestContext | undefined;
}

const WRITABLE: readonly UploadState[] = ['open', 'finishing', 'planning', 'pending', 'merging'];

/**
 * Deletes an upload. Once the row says `terminating` it is gone for clients; freeing is tried at once and retried by
 * maintenance (TER-06). Of two at once one finds the row changed and answers 404 (TER-03).
 */
export async function terminateUpload(deps: UploadDeps, id: string, by: Terminator): Promise<void> {
  const upload = await admitted(deps, id, { operation: 'terminate', access: by.access });
  refusePinned(upload);
  await deps.hooks.terminate(upload, by.context);
  const writable = WRITABLE.includes(upload.state);
  const lock = writable ? await lockFor(deps, id) : undefined;
  // It has become another one meanwhile, which hooks may want to keep.
  if (writable && !lock) return terminateUpload(deps, id, { context: by.context });
  const terminate = async () => {
    const done = await deps.repository.terminate(id, lock?.upload.epoch);
    if (done === 'pinned') throw new UploadInUseError();
    lock?.forget();
    return done;
  };
  const result = lock ? await underLock(lock, terminate) : await terminate();
  // Somebody was faster: look again at what the row says now. Whether it may be deleted was asked.
  if (result === 'lost') return terminateUpload(deps, id, { context: by.context });
  deps.hooks.terminated({ ...(lock?.upload ?? upload), state: 'terminating', expiresAt: null });
  deps.background.run(() => freeUpload(deps, id));
}

async function lockFor(deps: UploadDeps, id: string): Promise<Lock | undefined> {
  const acquired = await deps.locker.acquire({ id, states: WRITABLE, ask: 'terminate', check: refusePinned });
  return acquired.lock;
}

function refusePinned(upload: UploadRecord): void {
  if (upload.pins > 0) throw new UploadInUseError();
}
