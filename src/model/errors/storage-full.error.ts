import { UploadError } from './upload.error.js';

/** No space is left; the offset is kept (CORE-23). */
export class StorageFullError extends UploadError {
  readonly status = 507;
  readonly code = 'STORAGE_FULL';

  constructor(options?: ErrorOptions) {
    super('The storage is full; what was stored is kept, try again later.', options);
  }
}
