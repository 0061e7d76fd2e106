import type { UploadState } from '../../model/upload.js';

/** A final that is not merged yet, and pins what it needs. */
export const UNMERGED: readonly UploadState[] = ['planning', 'pending', 'merging', 'finishing'];

/** A final that a repeated request joins. */
export const LIVING: readonly UploadState[] = [...UNMERGED, 'complete'];

/** For an IN list; the states are constants of the program. */
export function stateList(states: readonly UploadState[]): string {
  // An empty list is no SQL; NULL equals none.
  return states.map((state) => `'${state}'`).join(', ') || 'NULL';
}

/** States that an upload may rest in; rows in any other are few, and have an index of their own. */
export const SETTLED: readonly UploadState[] = ['open', 'complete'];
