import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { Metadata } from '../model/metadata.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { NewUpload, UploadRecord } from '../repository/upload-record.js';
import { recordReceived } from './append-to-upload.js';
import { authorizeCreation, ownerOf } from './access.js';
import { checkConcat } from './check-concat.js';
import { checkLength } from './check-length.js';
import { checkStorage } from './check-storage.js';
import { mayBeChecked } from './checksums.js';
import type { BodyInput, CreateUpload } from './commands.js';
import { finishUpload } from './finish-upload.js';
import { discard } from './free-upload.js';
import { keyOf, newId } from './naming.js';
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
  if (length === 0) return createEmpty(deps, upload);
  if (!body || input.contentLength === 0) return deps.repository.insert(upload);
  return createWithBody(deps, upload, { ...input, body });
}

async function newUpload(deps: UploadDeps, input: CreateUpload, metadata: Metadata): Promise<NewUpload> {
  const { length, context } = input;
  const owner = ownerOf(input.access);
  const id = await newId(deps, context);
  const partial = input.partial === true;
  // Recovery publishes what is `finishing` and has all its bytes; whether they verify it cannot know (CHK-03).
  const announced = input.contentLength === length && !mayBeChecked(input.checksum);
  const whole = length === 0 || (length !== null && announced);
  const stored = {
    id,
    key: partial ? null : await keyOf(deps, { id, kind: 'single', length, metadata, owner }, context),
    kind: partial ? 'partial' : 'single',
    length,
    metadata: input.metadata?.trim() ? input.metadata : null,
  } as const;
  checkStorage(deps, stored);
  return {
    ...stored,
    storage: deps.storageName,
    concat: input.concat ?? (partial ? 'partial' : null),
    // What is about to be published is on record before it is, so the completing statement can be the second one.
    state: whole && !partial ? 'finishing' : 'open',
    owner,
    dedupeKey: null,
    expiresIn: deps.settings.expiration.unfinished,
  };
}

async function createEmpty(deps: UploadDeps, upload: NewUpload): Promise<UploadRecord> {
  const lock = deps.locker.adopt(await deps.repository.insert(upload, deps.locker.holder));
  return orDiscard(deps, lock, () => finishUpload(deps, lock, { length: 0 }));
}

async function createWithBody(
  deps: UploadDeps,
  upload: NewUpload,
  input: BodyInput & Pick<CreateUpload, 'maxSize'>,
): Promise<UploadRecord> {
  const lock = deps.locker.adopt(await deps.repository.insert(upload, deps.locker.holder));
  return orDiscard(deps, lock, async () => {
    const received = await receiveBody(deps, lock, { ...input, length: upload.length });
    const { refusal } = received;
    if (refusal && !(refusal instanceof BodyInterruptedError)) {
      received.finish?.discard();
      throw refusal;
    }
    return recordReceived(deps, lock, received, upload.length);
  });
}

/** A refused creation leaves nothing behind (CRE-22); one that was cut off keeps its prefix (CRE-24). */
async function orDiscard<T>(deps: UploadDeps, lock: Lock, work: () => Promise<T>): Promise<T> {
  return underLock(lock, async () => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BodyInterruptedError)) await discard(deps, lock);
      throw error;
    }
  });
}
