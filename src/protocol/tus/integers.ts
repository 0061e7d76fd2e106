import { InvalidHeaderError } from '../../model/errors/invalid-header.error.js';
import { UploadTooLargeError } from '../../model/errors/upload-too-large.error.js';

/** A count of bytes on the wire, or what is wrong with it. */
type Count = number | 'malformed' | 'too-large';

/**
 * The value of `Upload-Length` in bytes (CORE-04).
 * @throws InvalidHeaderError if it is no count of bytes; UploadTooLargeError beyond 2^53 - 1.
 */
export function parseLength(value: string): number {
  const count = parseCount(value);
  if (count === 'too-large') throw new UploadTooLargeError(Number.MAX_SAFE_INTEGER);
  if (count === 'malformed')
    throw new InvalidHeaderError('Upload-Length', 'send a count of bytes in decimal digits.');
  return count;
}

/**
 * The value of `Upload-Offset` in bytes (CORE-04, CORE-09).
 * @throws InvalidHeaderError if it is missing, is no count of bytes, or is beyond 2^53 - 1.
 */
export function parseOffset(value: string | undefined): number {
  if (value === undefined) throw new InvalidHeaderError('Upload-Offset', 'the header is missing.');
  const count = parseCount(value);
  if (typeof count === 'string') {
    throw new InvalidHeaderError('Upload-Offset', 'send the offset in bytes in decimal digits.');
  }
  return count;
}

function parseCount(value: string): Count {
  const digits = value.trim();
  if (!/^[0-9]+$/.test(digits)) return 'malformed';
  // More than 16 digits is too much, unless it is a small number behind zeros that nobody writes.
  if (digits.length > 16) return digits.startsWith('0') ? 'malformed' : 'too-large';
  const count = Number(digits);
  return count <= Number.MAX_SAFE_INTEGER ? count : 'too-large';
}
