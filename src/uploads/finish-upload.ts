import type { Lock } from '../locks/locker.js';
import { toCompletedUpload } from '../repository/to-upload.js';
import type { UploadChange, UploadRecord } from '../repository/upload-record.js';
import { asStorageError, isFinal, refusalOf } from './storage-refusal.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Completes an upload whose bytes are all stored: the row says `finishing`, the storage publishes, the row says
 * `complete`. A crash before the first leaves an open upload; between them recovery calls this again and the storage
 * finds its own object; two at once are kept apart by the lease, and fenced by the epoch.
 */
export async function finishUpload(deps: UploadDeps, lock: Lock, length: number): Promise<UploadRecord> {
  const all = { offset: length, length };
  if (lock.upload.kind === 'partial') {
    await publish(deps, lock, { ...lock.upload, ...all });
    return lock.release({ ...all, state: 'complete', completed: true });
  }
  // A small upload that is whole in its POST was inserted as `finishing`: two statements, not three.
  const declared = lock.upload.state === 'finishing';
  if (!declared) await lock.write({ ...all, state: 'finishing' });
  await publish(deps, lock, { ...lock.upload, ...all });
  const completed = await lock.release({ ...all, ...completion(deps) });
  announceCompletion(deps, completed);
  return completed;
}

/** What the completing statement says: with a hook, it marks the event and claims it. */
export function completion(deps: UploadDeps): UploadChange {
  return { state: 'complete', completed: true, ...(deps.outbox.wanted && { delivery: 'pending' as const }) };
}

/** After the completing statement: subscribers, hooks and working bytes. Nobody waits for them. */
export function announceCompletion(deps: UploadDeps, completed: UploadRecord): void {
  deps.background.run(() => deps.storage.discardWork(completed));
  const upload = toCompletedUpload(completed);
  if (!upload) return;
  deps.events.announceCompleted(upload);
  if (completed.delivery === 'pending') deps.outbox.deliver(completed);
}

async function publish(deps: UploadDeps, lock: Lock, upload: UploadRecord): Promise<void> {
  try {
    await deps.storage.complete(upload);
  } catch (error) {
    const failure = asStorageError(error);
    // Otherwise the row stays as it is: a partial's offset does not move, `finishing` is taken up again.
    await lock.release(isFinal(failure) ? { state: 'failed', ending: 'failed' } : {});
    throw refusalOf(failure);
  }
}
