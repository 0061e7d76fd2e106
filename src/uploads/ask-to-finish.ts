import { LeaseLostError } from '../locks/lease-lost.error.js';
import type { LetGoReason, Lock } from '../locks/locker.js';
import { UploadLockedError } from '../model/errors/upload-locked.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import type { Completed } from '../storage/upload-storage.js';
import type { FinishCall } from './commands.js';
import { openStored } from './read-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** At shutdown a hook has this long to return; the drain of leases waits a second more. */
const GRACE_MILLISECONDS = 4_000;

/** What is known of an upload whose object is there. */
export interface CompletedBytes extends Partial<Completed> {
  readonly length: number;
}

export interface AskedFinish {
  /** What the storage has published. */
  readonly bytes: CompletedBytes;
  /** Whoever waits for it; undefined where nobody does. */
  readonly call: FinishCall | undefined;
  /** Makes of the row that the upload can never be completed. */
  readonly fail: (reason: unknown) => Promise<void>;
}

/**
 * Asks `OnUploadFinish`, between the publication and the statement that completes the row. A crash leaves `finishing`,
 * and who goes on asks again. Who is asked to let go, or stops, leaves the hooks behind: the next one in this process joins
 * them.
 * @throws what a hook throws; UploadLockedError, UploadNotFoundError or LeaseLostError if it was not waited for any longer
 */
export async function askToFinish(deps: UploadDeps, lock: Lock, asked: AskedFinish): Promise<void> {
  if (!deps.hooks.asksBeforeFinish(lock.upload)) return;
  const { length, reference } = asked.bytes;
  const record = { ...lock.upload, offset: length, length, ...(reference !== undefined && { reference }) };
  const verdict = await untilLetGo(
    lock.signal,
    deps.hooks.finish(record, {
      request: asked.call?.context,
      read: (range) => openStored(deps, record, range),
    }),
  );
  if (!verdict) throw letGo(lock);
  if (verdict.accepted) {
    if (verdict.answer) asked.call?.onFinish?.(verdict.answer);
    return;
  }
  if (!verdict.keep) await asked.fail(verdict.error);
  throw verdict.error;
}

/** Undefined once the lock was to be let go before. */
function untilLetGo<T>(signal: AbortSignal, asked: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    // Also without a grace period: what a hook that has returned says counts.
    const wait = (): void => {
      timer = setTimeout(() => resolve(undefined), reasonOf(signal) === 'shutdown' ? GRACE_MILLISECONDS : 0);
    };
    signal.addEventListener('abort', wait, { once: true });
    if (signal.aborted) wait();
    void asked.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wait);
    });
  });
}

function letGo({ upload, signal }: Lock): Error {
  const reason = reasonOf(signal);
  if (reason === 'lost') return new LeaseLostError(upload.id);
  return reason === 'terminate' ? new UploadNotFoundError() : new UploadLockedError(upload.expiresAt);
}

function reasonOf(signal: AbortSignal): LetGoReason {
  return signal.reason as LetGoReason;
}
