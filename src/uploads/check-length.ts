import { InvalidHeaderError } from '../model/errors/invalid-header.error.js';

/** @throws InvalidHeaderError for a length that no upload can have; over HTTP the header was checked before. */
export function checkLength(length: number | null | undefined): void {
  if (length == null || (Number.isSafeInteger(length) && length >= 0)) return;
  throw new InvalidHeaderError('Upload-Length', 'give a whole number of bytes, from 0 to 2^53 - 1.');
}
