import type { UploadRecord } from '../repository/upload-record.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Ends an upload whose time is over: an unfinished one, and any partial, goes with its bytes; a completed one is
 * forgotten, its object stays unless the options say otherwise (EXP-05). False if it is not overdue any more. A crash
 * before the bytes are freed leaves it `terminating`, which recovery takes up; of two at once one finds it ended.
 */
export async function expireUpload(deps: UploadDeps, id: string): Promise<boolean> {
  let free = false;
  let upload: UploadRecord | undefined;
  // Not by the row that was found: a writer that was silent for long may have completed it since.
  const ended = await deps.repository.expire(id, (found) => {
    upload = found;
    return (free = isFreed(deps, found));
  });
  if (ended && upload) deps.hooks.expired({ ...upload, state: free ? 'terminating' : 'gone' });
  if (ended && free) {
    // Its URL is gone by now, whatever becomes of its bytes.
    await freeUpload(deps, id).catch((error: unknown) => deps.background.run(() => Promise.reject(error)));
  }
  return ended;
}

function isFreed(deps: UploadDeps, { state, kind }: UploadRecord): boolean {
  const kept = state === 'complete' && kind !== 'partial';
  return !kept || deps.settings.expiration.deleteCompleted;
}
