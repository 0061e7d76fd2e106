import { UploadError } from './upload.error.js';

/** The storage holds a foreign object under the key of the upload. */
export class KeyConflictError extends UploadError {
  readonly status = 409;
  readonly code = 'KEY_CONFLICT';

  constructor(options?: ErrorOptions) {
    super('Another object already has this key.', options);
  }
}
