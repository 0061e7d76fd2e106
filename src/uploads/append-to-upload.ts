import { FinalNotWritableError } from '../model/errors/final-not-writable.error.js';
import { LengthConflictError } from '../model/errors/length-conflict.error.js';
import { OffsetConflictError } from '../model/errors/offset-conflict.error.js';
import { UploadLockedError } from '../model/errors/upload-locked.error.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { admitted } from './access.js';
import { checkLength } from './check-length.js';
import { mayBeChecked, verifyNothing } from './checksums.js';
import type { AppendToUpload, FinishCall } from './commands.js';
import { failUpload } from './fail-upload.js';
import { extension, finishUpload, settleFinishing } from './finish-upload.js';
import { living } from './living.js';
import { checkWaiting } from './pending-finals.js';
import { checkContentLength, receiveBody } from './receive-body.js';
import type { Received } from './receive-body.js';
import { refuseContent } from './refuse-content.js';
import { checkSize, limitOf } from './size-limit.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Appends the bytes of one request. Two statements: the lease with the row, and the offset with the release. Whether it
 * may is asked before, of a plain look at the row: who may not does not interrupt a running writer.
 */
export async function appendToUpload(
  deps: UploadDeps,
  id: string,
  input: AppendToUpload,
): Promise<UploadRecord> {
  if (input.access) await admitted(deps, id, { operation: 'write', access: input.access });
  checkLength(input.length);
  const acquired = await deps.locker.acquire({
    id,
    states: ['open', 'finishing'],
    ask: 'append',
    atHand: atHand(input),
    check: (running) => {
      // Neither the length that was said nor the limits change under a running writer.
      checkHeaders(deps, running, input);
      // An offset that was passed can never be right again: no reason to interrupt the writer.
      if (input.offset < running.offset) throw new OffsetConflictError(running.offset, running.expiresAt);
    },
  });
  if (!acquired.lock) return appendNothing(deps, acquired.record, input);
  const { lock } = acquired;
  return underLock(lock, () => appendUnder(deps, lock, input));
}

/**
 * All bytes of an upload that is sent whole, if they have come already: what is published is on record before it is,
 * without a statement of its own. Bytes that have to verify first must not be taken for its content by recovery (CHK-03).
 */
function atHand({ body, offset, length, contentLength, checksum }: AppendToUpload): number | undefined {
  const whole = offset === 0 && length === undefined && !mayBeChecked(checksum);
  return whole && contentLength !== undefined && body.readableLength >= contentLength
    ? contentLength
    : undefined;
}

async function appendUnder(deps: UploadDeps, lock: Lock, input: AppendToUpload): Promise<UploadRecord> {
  // One that is finishing since an earlier epoch was left so by a crash.
  if (lock.upload.state === 'finishing' && lock.upload.epoch > 1) {
    const finished = await settleFinishing(deps, lock, input);
    if (finished) return appendNothing(deps, finished, input);
  }
  const length = checkAppend(deps, lock.upload, input);
  if (length !== null) await checkWaiting(deps, lock.upload, { length, limit: limitOf(deps, input) });
  const received = await receiveBody(deps, lock, { ...input, length });
  return recordReceived(deps, lock, { received, length, call: input });
}

export interface ReceivedBody {
  readonly received: Received;
  /** Of the upload, if it is known. */
  readonly length: number | null;
  /** Whoever sent it. */
  readonly call: FinishCall;
  /** As of `Finishing`. */
  readonly isNew?: boolean;
}

/** Records what a body brought: the end of the upload, or the offset it reached. */
export async function recordReceived(
  deps: UploadDeps,
  lock: Lock,
  { received, length, ...finishing }: ReceivedBody,
): Promise<UploadRecord> {
  const { failure, refusal, discarded, finish } = received;
  const whole = received.offset === length;
  const ends = whole && !failure && !discarded && lock.signal.reason !== 'lost';
  if (ends) return finishUpload(deps, lock, { length, finish, ...finishing });
  finish?.discard();
  if (failure?.kind === 'missing' || received.spoiled) {
    await failUpload(deps, lock, refusal ?? failure);
    throw refusal ?? failure;
  }
  if (lock.signal.reason === 'lost') throw new UploadLockedError(lock.upload.expiresAt);
  // An open upload never has all its bytes on record: with a fault at the very end the offset stays.
  const offset = whole ? {} : { offset: received.offset };
  const grown = received.offset > lock.upload.offset;
  const longer = grown ? extension(deps) : {};
  // The length is committed together with the bytes (CRE-17).
  const said = length !== null && !discarded ? { length } : {};
  const record = await lock.release({ state: 'open', ...offset, ...said, ...longer });
  if (grown) deps.hooks.progressed(record);
  if (refusal instanceof UploadLockedError) throw new UploadLockedError(record.expiresAt);
  if (refusal) throw refusal;
  return record;
}

/** The rules that need the row. Returns the length, if it is known. */
function checkAppend(deps: UploadDeps, upload: UploadRecord, input: AppendToUpload): number | null {
  const known = checkHeaders(deps, upload, input);
  if (input.offset !== upload.offset) throw new OffsetConflictError(upload.offset, upload.expiresAt);
  return known;
}

/** What the headers and the row refuse before the right to write is asked for. Returns the length, if it is known. */
function checkHeaders(deps: UploadDeps, upload: UploadRecord, input: AppendToUpload): number | null {
  refuseFinal(upload);
  const { length } = input;
  // A length that was accepted stays so, whatever the limit of this request is.
  const limit = upload.length === null ? limitOf(deps, input) : undefined;
  if (length !== undefined) {
    if (upload.length !== null && upload.length !== length) {
      throw new LengthConflictError('Upload-Length was said before, and was another one.');
    }
    if (length < upload.offset)
      throw new LengthConflictError('Upload-Length is below what is stored already.');
    checkSize(length, limit);
  }
  const known = upload.length ?? length ?? null;
  checkContentLength({ offset: input.offset, length: known, limit }, input);
  return known;
}

/** Nobody may write to the row any more; an empty PATCH at the end of a complete upload changes nothing (CORE-18). */
async function appendNothing(
  deps: UploadDeps,
  record: UploadRecord | undefined,
  input: AppendToUpload,
): Promise<UploadRecord> {
  const upload = living(record);
  checkAppend(deps, upload, input);
  if (input.contentLength === undefined) {
    await refuseContent({ ...input, offset: upload.offset, idleMilliseconds: deps.settings.bodyIdleTimeout });
  }
  await verifyNothing(input.checksum);
  return upload;
}

function refuseFinal(upload: UploadRecord): void {
  if (upload.kind === 'final') throw new FinalNotWritableError();
}
