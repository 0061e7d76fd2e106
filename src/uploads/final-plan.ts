import { createHash } from 'node:crypto';
import { InvalidPartialError } from '../model/errors/invalid-partial.error.js';
import { UploadTooLargeError } from '../model/errors/upload-too-large.error.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { FinalVerdict, PlannedPartial } from '../repository/upload-repository.js';
import type { ConcatSource } from '../storage/upload-storage.js';
import { storedUpload } from './stored-upload.js';
import type { UploadDeps } from './upload-deps.js';

export interface FinalLimits {
  readonly storage: string;
  readonly maxSize: number | undefined;
  /** Whether a final may wait for partials that still take bytes (CON-22, CON-23). */
  readonly unfinished: boolean;
}

/**
 * Judges the rows of the partials before any byte moves: what becomes of the final, and how long it will be.
 * @throws InvalidPartialError naming the position (CON-12, CON-13, CON-22), UploadTooLargeError (CON-11)
 */
export function checkPartials(
  ids: readonly string[],
  rows: ReadonlyMap<string, UploadRecord>,
  limits: FinalLimits,
): FinalVerdict {
  const partials = ids.map((id, index) => {
    const row = rows.get(id);
    const problem = problemOf(row, limits);
    if (!row || problem) throw new InvalidPartialError(index + 1, problem ?? 'does not exist');
    return row;
  });
  checkSum(partials, limits.maxSize);
  const complete = partials.every(({ state }) => state === 'complete');
  return { state: complete ? 'merging' : 'pending', length: lengthOf(partials) };
}

/** Total bytes; null while one of them has not said its own (CON-20). */
export function lengthOf(partials: readonly UploadRecord[]): number | null {
  return partials.reduce<number | null>(
    (sum, { length }) => (sum === null || length === null ? null : sum + length),
    0,
  );
}

/** @throws UploadTooLargeError as far as lengths are known (CON-11) */
export function checkSum(partials: readonly UploadRecord[], maxSize: number | undefined): void {
  if (maxSize !== undefined && isTooLong(partials, maxSize)) throw new UploadTooLargeError(maxSize);
}

/** Whether what is known of the lengths is more than a final may have. */
export function isTooLong(partials: readonly UploadRecord[], maxSize: number | undefined): boolean {
  const known = partials.reduce((sum, { length, offset }) => sum + (length ?? offset), 0);
  return maxSize !== undefined && known > maxSize;
}

function problemOf(row: UploadRecord | undefined, limits: FinalLimits): string | undefined {
  if (!row || row.ending !== null || row.expired) return 'does not exist';
  if (row.kind !== 'partial') return 'is not a partial upload';
  if (row.storage !== limits.storage) return 'is in another storage than the final';
  if (row.state !== 'complete' && !limits.unfinished)
    return 'is not complete yet; upload the rest of it first';
  return undefined;
}

/**
 * The same for every repetition of one final POST, so that a retry finds the final of the first (CON-30).
 */
export function dedupeKey(
  endpoint: string,
  owner: string | null,
  partialIds: readonly string[],
  metadata: string | null,
): string {
  const text = JSON.stringify([endpoint, owner, partialIds, metadata]);
  return createHash('sha256').update(text).digest('base64url');
}

/** The id of the partial whose bytes may be taken instead of copied: first, listed once, its bytes its own. */
export function adoptionCandidate(list: readonly PlannedPartial[]): string | undefined {
  const [first, ...rest] = list;
  if (!first || first.consumer || first.partial.offset === 0) return undefined;
  return rest.some(({ partial }) => partial.id === first.partial.id) ? undefined : first.partial.id;
}

/** Where the bytes of each entry are now: in the partial, or in the final that consumed it (CON-27). */
export function sourcesOf(
  deps: Pick<UploadDeps, 'parts'>,
  list: readonly PlannedPartial[],
  adopted: string | undefined,
): ConcatSource[] {
  return list.map(({ partial, consumer }) => ({
    upload: storedUpload(deps, consumer?.final ?? partial),
    start: consumer?.start ?? 0,
    length: partial.offset,
    adoptable: partial.id === adopted,
  }));
}
