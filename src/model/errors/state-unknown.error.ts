import { UploadError } from './upload.error.js';

/**
 * The row could not be read just now. Never a 5xx: clients take that on a HEAD for the end of the upload and begin a
 * new one, while they ask again after a 423 (CORE-20).
 */
export class StateUnknownError extends UploadError {
  readonly status = 423;
  readonly code = 'STATE_UNKNOWN';
  override readonly headers = { 'Retry-After': '1' };

  constructor(options?: ErrorOptions) {
    super('The state of this upload cannot be told at the moment; ask again.', options);
  }
}
