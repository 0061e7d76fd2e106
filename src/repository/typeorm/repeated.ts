import { setTimeout as pause } from 'node:timers/promises';

/** How long work is tried again, in milliseconds: as long as a statement would wait for a lock. */
const PATIENCE = 5_000;
/** The longest pause between two tries, in milliseconds. They are random, so that two rivals part. */
const LONGEST_PAUSE = 50;

/** Does work again that failed for a reason that passes. Other errors, and the last one, are thrown on. */
export async function repeated<Result>(
  work: () => Promise<Result>,
  isTransient: (error: unknown) => boolean,
): Promise<Result> {
  const deadline = performance.now() + PATIENCE;
  for (let most = 1; ; most = Math.min(most * 2, LONGEST_PAUSE)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || performance.now() > deadline) throw error;
    }
    await pause(Math.random() * most);
  }
}
