import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../http/abort-reason.js';

/** Milliseconds that a store has to end what it is doing when the upload is stopped. */
const GRACE = 1000;

/**
 * What a store answers; one that hangs does not keep an upload that is stopped.
 * @throws the reason of the signal, when the store has not answered in time after it.
 */
export async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const answered = new AbortController();
  try {
    return await Promise.race([answer, overdue(signal, answered.signal)]);
  } finally {
    answered.abort();
  }
}

async function overdue(stop: AbortSignal, answered: AbortSignal): Promise<never> {
  return reasonOf(stop).catch(async (reason: unknown) => {
    await pause(GRACE, undefined, { signal: answered });
    throw reason;
  });
}
