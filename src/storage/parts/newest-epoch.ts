import type { Part } from '../../model/part.js';
import type { StoredUpload } from '../upload-storage.js';

/**
 * The epoch that an object with these parts has at least: one of an older writer has other bytes, or was made without
 * them. All writers of a final copy the same bytes.
 */
export function newestEpoch(
  { kind }: Pick<StoredUpload, 'kind'>,
  parts: readonly Pick<Part, 'epoch'>[],
): number {
  return kind === 'final' ? 0 : parts.reduce((top, { epoch }) => Math.max(top, epoch), 0);
}

/** The parts that have arrived. An object that is older than these has none of them. */
export function arrivedParts(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ tag }) => tag !== null);
}
