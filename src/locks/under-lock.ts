import type { Lock } from './locker.js';

/** Runs work under a lock. Whatever it throws, the lease is given back: nobody else could write until a restart. */
export async function underLock<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Without effect where the work has released it already.
    await lock.release().catch(() => undefined);
    throw error;
  }
}
