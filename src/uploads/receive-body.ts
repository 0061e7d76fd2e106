import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { BodyTooLongError } from '../model/errors/body-too-long.error.js';
import { InvalidHeaderError } from '../model/errors/invalid-header.error.js';
import { UploadLockedError } from '../model/errors/upload-locked.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import { UploadTooLargeError } from '../model/errors/upload-too-large.error.js';
import type { Checksum } from '../model/checksum.js';
import type { StorageError } from '../model/errors/storage.error.js';
import { UploadError } from '../model/errors/upload.error.js';
import type { Lock } from '../locks/locker.js';
import type { AppendResult, Finish } from '../storage/upload-storage.js';
import { BodyChecksums, verifyStored } from './checksums.js';
import type { BodyInput } from './commands.js';
import { checkSize, limitOf } from './size-limit.js';
import { asStorageError, refusalOf } from './storage-refusal.js';
import { storedUpload } from './stored-upload.js';
import { UploadBody } from './upload-body.js';
import type { UploadDeps } from './upload-deps.js';

export interface Received {
  /** Where the upload stands now, durably. */
  readonly offset: number;
  /** What the storage has at hand of the end of the upload: whoever gets this completes or discards it. */
  readonly finish?: Finish;
  /** Why the request is not answered with success, although its prefix may count. */
  readonly refusal?: UploadError;
  /** The storage's reason, if it was one. */
  readonly failure?: StorageError;
  /** Nothing of the request counts: its bytes could not be verified (CHK-04, CHK-09). */
  readonly discarded?: boolean;
  /** Bytes that did not verify are on record, and an offset is never taken back: the upload is lost (CHK-13). */
  readonly spoiled?: boolean;
}

/**
 * Refuses what the announced length alone shows to be too long (CORE-16, CRE-08): nothing is read.
 * @throws BodyTooLongError, UploadTooLargeError
 */
export function checkContentLength(
  { offset, length, limit }: { offset: number; length: number | null; limit: number | undefined },
  input: Partial<BodyInput>,
): void {
  const end = offset + (input.contentLength ?? 0);
  if (length !== null && end > length) throw new BodyTooLongError();
  checkSize(end, limit);
}

/** A body with what bounds it: the length of the upload, or without one a limit. */
interface BoundedBody extends BodyInput {
  readonly length: number | null;
  readonly maxSize?: number;
}

/** Streams a body into the storage under a lock. Writes no state: what it returns is for the caller to record. */
export async function receiveBody(deps: UploadDeps, lock: Lock, input: BoundedBody): Promise<Received> {
  const checksums = new BodyChecksums(input.checksum ?? {}, {
    readable: deps.storage.readUnfinished !== undefined,
  });
  const body = bodyOf(deps, lock, input);
  const stop = () => body.stop();
  lock.onBeat = () => body.beat();
  lock.signal.addEventListener('abort', stop, { once: true });
  if (lock.signal.aborted) stop();
  try {
    const upload = { ...storedUpload(deps, lock.upload), length: input.length };
    const result = await deps.storage.append(upload, checksums.hashing ? checksums.over(body) : body, {
      fenced: lock.fenced,
      signal: lock.signal,
      record: async (reference) => void (await lock.write({ reference })),
      // What still has to be verified is told to nobody.
      progress: (durable) => {
        const offset = checksums.wanted ? upload.offset : durable;
        lock.progress(offset);
        if (deps.hooks.wantsProgress && offset > upload.offset) {
          deps.hooks.progressed({ ...lock.upload, offset, length: input.length });
        }
      },
      release: (batch) => body.release(batch),
    });
    const judged = judge(deps, lock, { result, body, input });
    const received = await verified(deps, lock, { received: judged, checksums });
    return { ...received, ...(result.finish && { finish: result.finish }) };
  } finally {
    lock.onBeat = undefined;
    lock.signal.removeEventListener('abort', stop);
  }
}

function bodyOf(deps: UploadDeps, lock: Lock, input: BoundedBody): UploadBody {
  return new UploadBody(input.body, {
    limit: (input.length ?? limitOf(deps, input) ?? Number.MAX_SAFE_INTEGER) - lock.upload.offset,
    lengthUnknown: input.contentLength === undefined,
    idleMilliseconds: deps.settings.bodyIdleTimeout,
    budget: deps.budget,
    memory: deps.memory,
    ...(input.onBodyWanted && { onWanted: input.onBodyWanted }),
  });
}

/** What the end of the body, and the storage, mean for the client. */
function judge(
  deps: UploadDeps,
  lock: Lock,
  { result, body, input }: { result: AppendResult; body: UploadBody; input: BoundedBody },
): Received {
  const { offset, failure } = result;
  if (failure) return { offset, failure, refusal: refusalOf(failure) };
  switch (body.outcome) {
    case 'overflow': {
      const limit = limitOf(deps, input) ?? 0;
      return {
        offset,
        refusal: input.length === null ? new UploadTooLargeError(limit) : new BodyTooLongError(),
      };
    }
    case 'interrupted':
    case 'idle':
      return { offset, refusal: new BodyInterruptedError(offset) };
    case 'stopped':
      // A newer request asked for the upload (CORE-19), or deleted it (TER-04).
      return {
        offset,
        refusal: lock.signal.reason === 'terminate' ? new UploadNotFoundError() : new UploadLockedError(),
      };
    default:
      return { offset };
  }
}

interface Verification {
  readonly received: Received;
  readonly checksums: BodyChecksums;
}

/** Bytes that did not verify, or could not be, are not there: the offset stays (CHK-03, CHK-04, CHK-09). */
async function verified(deps: UploadDeps, lock: Lock, verification: Verification): Promise<Received> {
  const { received, checksums } = verification;
  const { refusal } = received;
  if (refusal) return checksums.wanted ? discarded(lock, received) : received;
  try {
    const unannounced = checksums.verify();
    if (unannounced) await verifyAgain(deps, lock, { checksum: unannounced, end: received.offset });
    return received;
  } catch (error) {
    // No beat may record another byte before the row is written.
    lock.progress(lock.upload.offset);
    const spoiled = lock.recorded > lock.upload.offset;
    if (error instanceof UploadError) return discarded(lock, { refusal: error, spoiled });
    const failure = asStorageError(error);
    return discarded(lock, { failure, refusal: refusalOf(failure), spoiled });
  }
}

function discarded(lock: Lock, received: Omit<Received, 'offset'>): Received {
  const { offset } = lock.upload;
  const { refusal } = received;
  const shown = refusal instanceof BodyInterruptedError ? new BodyInterruptedError(offset) : refusal;
  return { ...received, offset, discarded: true, ...(shown && { refusal: shown }) };
}

/** A checksum may come behind a body that announced none: what was just written is read again (CHK-13). */
async function verifyAgain(
  deps: UploadDeps,
  lock: Lock,
  { checksum, end }: { checksum: Checksum; end: number },
): Promise<void> {
  const { offset: start } = lock.upload;
  // What beats have not recorded yet waits for the answer.
  lock.progress(start);
  const { storage } = deps;
  if (!storage.readUnfinished) {
    throw new InvalidHeaderError(
      'Upload-Checksum',
      'has to be announced by "Trailer: Upload-Checksum" here.',
    );
  }
  const range = { start, end: end - 1 };
  await verifyStored(await storage.readUnfinished(storedUpload(deps, lock.upload), range), checksum);
}
