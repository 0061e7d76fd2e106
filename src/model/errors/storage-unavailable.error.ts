import { UploadError } from './upload.error.js';

/** The storage failed in a way that may pass; the offset is kept (CORE-23, CORE-29). */
export class StorageUnavailableError extends UploadError {
  readonly status = 503;
  readonly code = 'STORAGE_UNAVAILABLE';
  override readonly headers = { 'Retry-After': '1' };

  constructor(options?: ErrorOptions) {
    super('The storage did not answer as it should; what was stored is kept, try again.', options);
  }
}
