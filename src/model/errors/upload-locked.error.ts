import { expiryHeader } from '../expiry-header.js';
import { UploadError } from './upload.error.js';

/** The right to write could not be had, or went to a newer request (CORE-19). */
export class UploadLockedError extends UploadError {
  readonly status = 423;
  readonly code = 'UPLOAD_LOCKED';
  override readonly headers: Readonly<Record<string, string>>;

  /** `expiresAt`: when the upload expires, in milliseconds since 1970; null for never, or if that is not known. */
  constructor(expiresAt: number | null = null) {
    super('Another request writes to this upload; ask for the offset and try again.');
    this.headers = { 'Retry-After': '1', ...expiryHeader(expiresAt) };
  }
}
