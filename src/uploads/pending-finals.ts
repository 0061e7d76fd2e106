import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { failFinal } from './fail-final.js';
import { checkSum, isTooLong, lengthOf } from './final-plan.js';
import type { Merges } from './merges.js';
import type { UploadDeps } from './upload-deps.js';

const HOPELESS = 'A partial of it has ended, or its partials are longer than a final may be.';

/**
 * After a partial has completed: merges the finals that waited for it alone (CON-24). A crash before this leaves them
 * `pending`, for maintenance to find; of two at once one gets the lease.
 */
export async function mergeWaiting(deps: UploadDeps, merges: Merges, partial: UploadRecord): Promise<void> {
  if (partial.kind !== 'partial' || partial.state !== 'complete') return;
  for (const id of await deps.repository.finalsWaitingFor(partial.id)) await settlePending(deps, merges, id);
}

/** Begins the merge of a pending final, ends it if it can never be merged (CON-21), or leaves it waiting. */
export async function settlePending(deps: UploadDeps, merges: Merges, id: string): Promise<void> {
  // Judged without the lease: held for a final that waits on, it would turn away who sees the last partial complete.
  const fate = fateOf(await listOf(deps, id), deps.settings.maxSize);
  if (fate === 'waits') return;
  const lock = await deps.locker.tryAcquire(id, ['pending']);
  if (!lock) return;
  if (fate === 'hopeless') return underLock(lock, () => failFinal(deps, lock, HOPELESS));
  await underLock(lock, () => lock.write({ state: 'merging', length: fate.length }));
  // Clients know of it: what fails from now on is tried again.
  merges.start(lock, { answered: true });
}

/** Neither is ever taken back while the final pins its partials: what is complete, has ended or is too long stays so. */
function fateOf(
  partials: readonly UploadRecord[],
  maxSize: number | undefined,
): { readonly length: number } | 'hopeless' | 'waits' {
  // Two lengths that were said at once may have passed the check of each other (CON-11).
  if (isTooLong(partials, maxSize) || partials.some(({ ending }) => ending !== null)) return 'hopeless';
  const length = lengthOf(partials);
  const complete = length !== null && partials.every(({ state }) => state === 'complete');
  return complete ? { length } : 'waits';
}

/** @throws UploadTooLargeError if a final that waits for the partial would become too long by this length (CON-11) */
export async function checkWaiting(
  deps: UploadDeps,
  partial: UploadRecord,
  { length, limit }: { length: number; limit: number | undefined },
): Promise<void> {
  if (limit === undefined || partial.pins === 0 || partial.length !== null) return;
  for (const id of await deps.repository.finalsWaitingFor(partial.id)) {
    const list = await listOf(deps, id);
    checkSum(
      list.map((entry) => (entry.id === partial.id ? { ...entry, length } : entry)),
      limit,
    );
  }
}

/** A pending final with the length that its partials give it by now (CON-20). */
export async function withKnownLength(deps: UploadDeps, final: UploadRecord): Promise<UploadRecord> {
  if (final.state !== 'pending' || final.length !== null) return final;
  return { ...final, length: lengthOf(await listOf(deps, final.id)) };
}

async function listOf(deps: UploadDeps, finalId: string): Promise<UploadRecord[]> {
  return (await deps.repository.partialsOf(finalId)).map(({ partial }) => partial);
}
