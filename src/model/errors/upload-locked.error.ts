import { UploadError } from './upload.error.js';

/** The right to write could not be had, or went to a newer request (CORE-19). */
export class UploadLockedError extends UploadError {
  readonly status = 423;
  readonly code = 'UPLOAD_LOCKED';
  override readonly headers = { 'Retry-After': '1' };

  constructor() {
    super('Another request writes to this upload; ask for the offset and try again.');
  }
}
