import { setTimeout as wait } from 'node:timers/promises';
import { StorageError } from '../../model/errors/storage.error.js';

export const TRIES = 4;
/** Milliseconds before the second try at most; each further one waits up to twice as long. */
const BASE_MILLISECONDS = 200;

/**
 * Tries again what the SDK does not: bodies that are streams, answers that break off, conflicts of two writers. Rejects
 * with the last error.
 * @param passes - whether another try may help
 */
export async function tryAgain<T>(
  work: () => Promise<T>,
  { passes }: { readonly passes: (error: unknown) => boolean },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES || !passes(error)) throw error;
      // All of the delay is chance, so that those who failed together do not come back together.
      await wait(Math.random() * BASE_MILLISECONDS * 2 ** (tries - 1));
    }
  }
}

/** Whether a request has failed that may succeed another time. */
export function isPassing(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'unavailable';
}
