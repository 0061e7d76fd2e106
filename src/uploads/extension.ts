import type { Extension } from '../repository/upload-record.js';
import type { UploadStorage } from '../storage/upload-storage.js';
import type { ExpirationSettings } from './upload-deps.js';

/**
 * What each stored byte does to the time of an unfinished upload (EXP-04): not beyond the age at which the store removes
 * it, for then it is gone whatever the row says. Null if it does nothing.
 */
export function extensionOf(
  { sliding, unfinished }: Pick<ExpirationSettings, 'sliding' | 'unfinished'>,
  { maxUnfinishedAge }: Pick<UploadStorage, 'maxUnfinishedAge'>,
): Extension | null {
  if (!sliding || unfinished === null) return null;
  return { by: unfinished, ...(maxUnfinishedAge !== undefined && { maxAge: maxUnfinishedAge }) };
}
