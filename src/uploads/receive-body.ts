import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { BodyTooLongError } from '../model/errors/body-too-long.error.js';
import { UploadLockedError } from '../model/errors/upload-locked.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import { UploadTooLargeError } from '../model/errors/upload-too-large.error.js';
import type { StorageError } from '../model/errors/storage.error.js';
import type { UploadError } from '../model/errors/upload.error.js';
import type { Lock } from '../locks/locker.js';
import type { BodyInput } from './commands.js';
import { refusalOf } from './storage-refusal.js';
import { UploadBody } from './upload-body.js';
import type { BodyOutcome } from './upload-body.js';
import type { UploadDeps } from './upload-deps.js';

export interface Received {
  /** Where the upload stands now, durably. */
  readonly offset: number;
  /** Why the request is not answered with success, although its prefix counts. */
  readonly refusal: UploadError | undefined;
  /** The storage's reason, if it was one. */
  readonly failure: StorageError | undefined;
}

/**
 * Refuses what the announced length alone shows to be too long (CORE-16, CRE-08): nothing is read.
 * @throws BodyTooLongError, UploadTooLargeError
 */
export function checkContentLength(
  deps: UploadDeps,
  offset: number,
  length: number | null,
  input: Partial<BodyInput>,
): void {
  const end = offset + (input.contentLength ?? 0);
  if (length !== null && end > length) throw new BodyTooLongError();
  const { maxSize } = deps.settings;
  if (maxSize !== undefined && end > maxSize) throw new UploadTooLargeError(maxSize);
}

/** Streams a body into the storage under a lock. Writes no state: what it returns is for the caller to record. */
export async function receiveBody(
  deps: UploadDeps,
  lock: Lock,
  { body: source, contentLength, onBodyWanted, length }: BodyInput & { readonly length: number | null },
): Promise<Received> {
  const { offset } = lock.upload;
  const body = new UploadBody(source, {
    limit: (length ?? deps.settings.maxSize ?? Number.MAX_SAFE_INTEGER) - offset,
    lengthUnknown: contentLength === undefined,
    idleMilliseconds: deps.settings.bodyIdleTimeout,
    ...(onBodyWanted && { onWanted: onBodyWanted }),
  });
  const stopped = (outcome: BodyOutcome | undefined, reached: number): UploadError | undefined => {
    switch (outcome) {
      case 'overflow':
        return length === null ? new UploadTooLargeError(deps.settings.maxSize ?? 0) : new BodyTooLongError();
      case 'interrupted':
      case 'idle':
        return new BodyInterruptedError(reached);
      case 'stopped':
        // A newer request asked for the upload (CORE-19), or deleted it (TER-04).
        return lock.signal.reason === 'terminate' ? new UploadNotFoundError() : new UploadLockedError();
      default:
        return undefined;
    }
  };
  const stop = () => body.stop();
  lock.onBeat = () => body.beat();
  lock.signal.addEventListener('abort', stop, { once: true });
  if (lock.signal.aborted) stop();
  try {
    const result = await deps.storage.append({ ...lock.upload, length }, body, {
      fenced: lock.fenced,
      signal: lock.signal,
      record: async (reference) => void (await lock.write({ reference })),
      progress: (durable) => lock.progress(durable),
    });
    return {
      offset: result.offset,
      failure: result.failure,
      refusal: result.failure ? refusalOf(result.failure) : stopped(body.outcome, result.offset),
    };
  } finally {
    lock.onBeat = undefined;
    lock.signal.removeEventListener('abort', stop);
  }
}
