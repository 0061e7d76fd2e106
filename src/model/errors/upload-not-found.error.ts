import { UploadError } from './upload.error.js';

/** No upload has this id, or it was deleted (CORE-06, TER-02). */
export class UploadNotFoundError extends UploadError {
  readonly status = 404;
  readonly code = 'UPLOAD_NOT_FOUND';

  constructor() {
    super('There is no upload at this URL; create a new one.');
  }
}
