import { setTimeout as pause } from 'node:timers/promises';
import { TusConnectionError } from '../errors/connection.error.js';
import { TusResponseError } from '../errors/response.error.js';
import { LinkedAbort } from './linked-abort.js';

/** 460: the bytes were damaged on the way, and are sent again (CLI-04). */
const PASSING = new Set([408, 409, 423, 429, 460]);
const LONGEST_WISH = 60_000;

/** Whether the same may succeed later (CLI-02, CLI-04): the connection was lost, or the answer is one that passes. */
export function mayPass(error: unknown): boolean {
  if (error instanceof TusConnectionError) return true;
  return error instanceof TusResponseError && (error.status >= 500 || PASSING.has(error.status));
}

/** Milliseconds before the next try: spread by a quarter, and not before the server wishes (`Retry-After`). */
export function delayBefore(planned: number, error: unknown): number {
  const spread = planned * (0.75 + Math.random() / 2);
  return Math.round(Math.max(spread, wishOf(error)));
}

/** Waits, unless the signal stops it. */
export async function waitBefore(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const link = new LinkedAbort(signal);
  try {
    await pause(milliseconds, undefined, { signal: link.signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    link.release();
  }
}

function wishOf(error: unknown): number {
  if (!(error instanceof TusResponseError)) return 0;
  const value = error.headers['retry-after'];
  if (value === undefined) return 0;
  const wish = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wish) ? Math.min(Math.max(wish, 0), LONGEST_WISH) : 0;
}
