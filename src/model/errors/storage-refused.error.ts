import { UploadError } from './upload.error.js';

/** The storage does not take what an upload would be stored with, whoever sends it again: an operator has to look. */
export class StorageRefusedError extends UploadError {
  readonly status = 500;
  readonly code = 'STORAGE_REFUSED';

  constructor(options?: ErrorOptions) {
    super(
      'The storage does not take this upload as this server is set up; what was stored is kept.',
      options,
    );
  }
}
