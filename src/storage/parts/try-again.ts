import { setTimeout as wait } from 'node:timers/promises';

export const TRIES = 4;
/** Milliseconds before the second try at most; each further one waits up to twice as long. */
const BASE_MILLISECONDS = 200;

export interface TryAgainOptions {
  /** How often the work is done at most. Default: 4. */
  readonly tries?: number;
  /** Whether another try may help. */
  readonly passes: (error: unknown) => boolean;
}

/** Does the work again, with growing pauses, while what it failed with may pass. Rejects with the last error. */
export async function tryAgain<T>(
  work: () => Promise<T>,
  { tries = TRIES, passes }: TryAgainOptions,
): Promise<T> {
  for (let done = 1; ; done++) {
    try {
      return await work();
    } catch (error) {
      if (done >= tries || !passes(error)) throw error;
      // All of the delay is chance, so that those who failed together do not come back together.
      await wait(Math.random() * BASE_MILLISECONDS * 2 ** (done - 1));
    }
  }
}
