import type { UploadRecord } from '../repository/upload-record.js';
import { freeUpload } from './free-upload.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Ends an upload whose time is over: an unfinished one, and any partial, goes with its bytes; a completed one is
 * forgotten, its object stays unless the options say otherwise (EXP-05). False if it is not overdue any more. A crash
 * before the bytes are freed leaves it `terminating`, which recovery takes up; of two at once one finds it ended.
 */
export async function expireUpload(deps: UploadDeps, upload: UploadRecord): Promise<boolean> {
  const kept = upload.state === 'complete' && upload.kind !== 'partial';
  const free = !kept || deps.settings.expiration.deleteCompleted;
  const ended = await deps.repository.expire(upload.id, free);
  if (ended && free) {
    // Its URL is gone by now, whatever becomes of its bytes.
    await freeUpload(deps, upload.id).catch((error: unknown) =>
      deps.background.run(() => Promise.reject(error)),
    );
  }
  return ended;
}
