import { UploadGoneError } from '../model/errors/upload-gone.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import type { UploadRecord } from '../repository/upload-record.js';

/** Whether clients may still see the upload. */
export function isLiving({ ending, expired }: UploadRecord): boolean {
  return ending === null && !expired;
}

/**
 * The row of an upload that clients may still see (CORE-06, TER-02).
 * @throws UploadNotFoundError if there never was one, or it was deleted; UploadGoneError if it can never complete.
 */
export function living(record: UploadRecord | undefined): UploadRecord {
  if (!record || record.ending === 'terminated') throw new UploadNotFoundError();
  if (record.ending === 'expired' || record.expired) throw new UploadGoneError();
  if (record.ending === 'failed')
    throw new UploadGoneError('This upload can never be completed; create a new one.');
  return record;
}
