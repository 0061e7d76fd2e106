import { InvalidHeaderError } from '../model/errors/invalid-header.error.js';

/** @throws InvalidHeaderError for a value that could not be sent back in a header as it is. */
export function checkConcat(concat: string | null | undefined): void {
  if (concat === undefined || concat === null || /^[\t\x20-\x7e\x80-\xff]*$/.test(concat)) return;
  throw new InvalidHeaderError('Upload-Concat', 'it has a character that no header can have.');
}
