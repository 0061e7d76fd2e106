import { UploadError } from './upload.error.js';

/** More bytes were sent than the upload has left (CORE-16). */
export class BodyTooLongError extends UploadError {
  readonly status = 413;
  readonly code = 'BODY_TOO_LONG';

  constructor() {
    super('The body goes beyond the length of the upload.');
  }
}
