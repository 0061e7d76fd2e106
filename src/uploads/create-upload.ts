import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { Metadata } from '../model/metadata.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { NewUpload, UploadRecord } from '../repository/upload-record.js';
import { recordReceived } from './append-to-upload.js';
import { authorizeCreation, ownerOf } from './access.js';
import { checkConcat } from './check-concat.js';
import { checkLength } from './check-length.js';
import { mayBeChecked } from './checksums.js';
import type { BodyInput, CreateUpload, FinishCall } from './commands.js';
import { finishUpload } from './finish-upload.js';
import { discard } from './free-upload.js';
import { newId } from './naming.js';
import { proposed } from './proposed.js';
import { checkContentLength, receiveBody } from './receive-body.js';
import { refuseContent } from './refuse-content.js';
import { checkSize, limitOf } from './size-limit.js';
import type { UploadDeps } from './upload-deps.js';

/** Creates an upload, with or without its first bytes. Without them it is one statement, and nothing in the storage. */
export async function createUpload(deps: UploadDeps, input: CreateUpload): Promise<UploadRecord> {
  const { length } = input;
  checkLength(length);
  checkConcat(input.concat);
  const metadata = Metadata.parse(input.metadata);
  const { access } = input;
  if (access) await authorizeCreation(access, { ...input, kind: input.partial ? 'partial' : 'single' });
  const limit = limitOf(deps, input);
  checkSize(length ?? 0, limit);
  checkContentLength({ offset: 0, length, limit }, input);
  const { body } = input;
  const idleMilliseconds = deps.settings.bodyIdleTimeout;
  if (length === 0 && body && input.contentLength === undefined) {
    await refuseContent({ ...input, body, offset: 0, idleMilliseconds });
  }
  const upload = await newUpload(deps, input, metadata);
  if (length === 0) return createEmpty(deps, upload, input);
  if (!body || input.contentLength === 0) return inserted(deps, upload);
  return createWithBody(deps, upload, { ...input, body });
}

async function newUpload(deps: UploadDeps, input: CreateUpload, metadata: Metadata): Promise<NewUpload> {
  const { length, context } = input;
  const owner = ownerOf(input.access);
  const id = await newId(deps, context);
  const partial = input.partial === true;
  const kind = partial ? 'partial' : 'single';
  // Recovery publishes what is `finishing` and has all its bytes; whether they verify it cannot know (CHK-03).
  const announced = input.contentLength === length && !mayBeChecked(input.checksum);
  const whole = length === 0 || (length !== null && announced);
  return {
    id,
    storage: deps.storageName,
    kind,
    length,
    ...(await proposed(deps, { id, kind, length, metadata, rawMetadata: input.metadata, owner }, context)),
    concat: input.concat ?? (partial ? 'partial' : null),
    // What is about to be published is on record before it is, so the completing statement can be the second one.
    state: whole && !partial ? 'finishing' : 'open',
    owner,
    dedupeKey: null,
    expiresIn: deps.settings.expiration.unfinished,
  };
}

async function createEmpty(deps: UploadDeps, upload: NewUpload, call: FinishCall): Promise<UploadRecord> {
  const lock = deps.locker.adopt(await inserted(deps, upload, deps.locker.holder));
  return orDiscard(deps, lock, () => finishUpload(deps, lock, { length: 0, call, isNew: true }));
}

async function createWithBody(
  deps: UploadDeps,
  upload: NewUpload,
  input: BodyInput & FinishCall & Pick<CreateUpload, 'maxSize'>,
): Promise<UploadRecord> {
  const lock = deps.locker.adopt(await inserted(deps, upload, deps.locker.holder));
  return orDiscard(deps, lock, async () => {
    const received = await receiveBody(deps, lock, { ...input, length: upload.length });
    const { refusal } = received;
    if (refusal && !(refusal instanceof BodyInterruptedError)) {
      received.finish?.discard();
      throw refusal;
    }
    return recordReceived(deps, lock, { received, length: upload.length, call: input, isNew: true });
  });
}

async function inserted(deps: UploadDeps, upload: NewUpload, holder?: string): Promise<UploadRecord> {
  const record = await deps.repository.insert(upload, holder);
  deps.hooks.created(record);
  return record;
}

/**
 * A refused creation leaves nothing behind (CRE-22); one that was cut off keeps its prefix (CRE-24). What hooks have agreed
 * to is not undone for a statement that failed: it stays `finishing`, for maintenance to complete.
 */
async function orDiscard<T>(deps: UploadDeps, lock: Lock, work: () => Promise<T>): Promise<T> {
  return underLock(lock, async () => {
    try {
      return await work();
    } catch (error) {
      const keep = error instanceof BodyInterruptedError || deps.hooks.agreedToFinish(lock.upload);
      if (!keep) await discard(deps, lock, error);
      throw error;
    }
  });
}
