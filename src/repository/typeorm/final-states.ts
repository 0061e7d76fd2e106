import type { UploadState } from '../../model/upload.js';

/** A final that is not merged yet, and pins what it needs. */
export const UNMERGED: readonly UploadState[] = ['planning', 'pending', 'merging', 'finishing'];

/** A final that a repeated request joins. */
export const LIVING: readonly UploadState[] = [...UNMERGED, 'complete'];

/** For an IN list; the states are constants of the program. */
export function stateList(states: readonly UploadState[]): string {
  return states.map((state) => `'${state}'`).join(', ');
}
