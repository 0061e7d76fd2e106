import type { Lock } from '../locks/locker.js';
import type { UploadChange, UploadRecord } from '../repository/upload-record.js';
import { extensionOf } from './extension.js';
import type { Completed, Finish } from '../storage/upload-storage.js';
import { askToFinish } from './ask-to-finish.js';
import type { AskedFinish, CompletedBytes } from './ask-to-finish.js';
import type { FinishCall } from './commands.js';
import { failUpload } from './fail-upload.js';
import { asStorageError, isFinal, refusalOf } from './storage-refusal.js';
import { storedUpload, wholeUpload } from './stored-upload.js';
import type { UploadDeps } from './upload-deps.js';

export interface Finishing {
  readonly length: number;
  /** What an append has at hand. */
  readonly finish?: Finish | undefined;
  /** Whoever waits for it; undefined where nobody does. */
  readonly call?: FinishCall;
  /** It is being created: where this throws the caller leaves nothing of it behind (CRE-22). */
  readonly isNew?: boolean;
}

/**
 * Completes an upload whose bytes are all stored: the row says `finishing`, the storage publishes, hooks agree, the row
 * says `complete`. A crash before the first leaves an open upload; between them recovery calls the second half again and
 * the storage finds its own object; two at once are kept apart by the lease, and fenced by the epoch. The offset
 * reaches the length with the last statement: a client that reads it there may rely on the object. What an append has
 * at hand (`finish`) is used, or freed, exactly once.
 */
export async function finishUpload(
  deps: UploadDeps,
  lock: Lock,
  { length, finish, call, isNew }: Finishing,
): Promise<UploadRecord> {
  const fail = async (reason: unknown): Promise<void> => {
    if (!isNew) await failUpload(deps, lock, reason);
  };
  // A small upload that is whole in its POST was inserted as `finishing`: two statements, not three. A partial is
  // never published: it is announced only where nobody could go on from its offset after a crash in between.
  const { kind, state } = lock.upload;
  const announced = state === 'finishing' || (kind === 'partial' && !finish?.once);
  if (!announced) await announce(lock, length, finish);
  let completed: Completed | void;
  try {
    const upload = wholeUpload(deps, lock.upload, length);
    completed = await (finish ? finish.complete() : deps.storage.complete(upload));
  } catch (error) {
    const failure = asStorageError(error);
    if (isFinal(failure)) await fail(refusalOf(failure));
    throw refusalOf(failure);
  }
  return endFinishing(deps, lock, { bytes: { length, ...completed }, call, fail });
}

/**
 * Goes on with an upload that was found `finishing`. Undefined if it is open again: its POST was cut by a crash
 * before all of its bytes had arrived.
 */
export async function settleFinishing(
  deps: UploadDeps,
  lock: Lock,
  call?: FinishCall,
): Promise<UploadRecord | undefined> {
  const length = lock.upload.length ?? lock.upload.offset;
  let completed: Completed | void;
  try {
    completed = await deps.storage.complete(wholeUpload(deps, lock.upload, length));
  } catch (error) {
    const failure = asStorageError(error);
    if (failure.kind === 'conflict') await failUpload(deps, lock, refusalOf(failure));
    if (failure.kind !== 'missing') throw refusalOf(failure);
    await lock.write({ state: 'open' });
    return undefined;
  }
  const fail = (reason: unknown): Promise<void> => failUpload(deps, lock, reason);
  return endFinishing(deps, lock, { bytes: { length, ...completed }, call, fail });
}

/** What the completing statement says: with a hook, it marks the event and claims it. */
export function completion(deps: UploadDeps, { length, ...completed }: CompletedBytes): UploadChange {
  const { wanted, elsewhere } = deps.outbox;
  const unclaimed = elsewhere ? ({ unclaimed: true } as const) : {};
  const delivery = wanted ? ({ delivery: 'pending', ...unclaimed } as const) : {};
  const expiresIn = deps.settings.expiration.completed;
  return { state: 'complete', completed: true, offset: length, length, expiresIn, ...completed, ...delivery };
}

/** After the completing statement: subscribers, hooks and working bytes. Nobody waits for them. */
export function announceCompletion(deps: UploadDeps, completed: UploadRecord): void {
  discardWork(deps, completed);
  deps.hooks.completed(completed);
  if (completed.delivery === 'pending') deps.outbox.deliver(completed);
}

/** Each stored byte extends the time of an unfinished upload (EXP-04); a complete partial no store removes by itself. */
export function extension(
  { settings: { expiration }, storage }: UploadDeps,
  complete?: 'complete',
): UploadChange {
  const { sliding, unfinished } = expiration;
  if (sliding && unfinished === null) return { expiresIn: null };
  const extend = extensionOf(expiration, complete ? {} : storage);
  return extend ? { extend } : {};
}

/** Nothing is published that is not on record. */
async function announce(lock: Lock, length: number, finish: Finish | undefined): Promise<void> {
  try {
    await lock.write({ state: 'finishing', length });
  } catch (error) {
    finish?.discard();
    throw error;
  }
}

/** The object is there: what is left to be said about it. */
async function endFinishing(deps: UploadDeps, lock: Lock, asked: AskedFinish): Promise<UploadRecord> {
  await askToFinish(deps, lock, asked);
  return recordCompletion(deps, lock, asked.bytes);
}

async function recordCompletion(
  deps: UploadDeps,
  lock: Lock,
  { length, ...rest }: CompletedBytes,
): Promise<UploadRecord> {
  if (lock.upload.kind === 'partial') {
    const complete = { state: 'complete', completed: true, offset: length, length } as const;
    const completed = await lock.release({ ...complete, ...rest, ...extension(deps, 'complete') });
    if (deps.storage.partialsLeaveWork) discardWork(deps, completed);
    deps.hooks.completed(completed);
    return completed;
  }
  const completed = await lock.release(completion(deps, { length, ...rest }));
  announceCompletion(deps, completed);
  return completed;
}

function discardWork(deps: UploadDeps, completed: UploadRecord): void {
  deps.background.run(() => deps.storage.discardWork(storedUpload(deps, completed)));
}
