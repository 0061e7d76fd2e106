import { StorageError } from '../../model/errors/storage.error.js';
import type { StoredUpload } from '../upload-storage.js';

/** On record before the first block of an upload is staged: from then on its blob is made of blocks. */
export const STAGED = 'blocks';

/**
 * Whether blocks of an upload may have been staged. Their names follow from the upload and its parts.
 * @throws StorageError of kind `missing` for the words of another storage
 */
export function isStaged({ reference }: Pick<StoredUpload, 'reference'>): boolean {
  if (reference === null) return false;
  if (reference === STAGED) return true;
  throw new StorageError('missing', 'The reference of the upload is not one of AzureStorage.');
}
