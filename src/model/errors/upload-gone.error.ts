import { UploadError } from './upload.error.js';

/** The upload existed and can never be completed (CORE-06, CON-21). */
export class UploadGoneError extends UploadError {
  readonly status = 410;
  readonly code = 'UPLOAD_GONE';

  constructor(reason = 'This upload has expired; create a new one.') {
    super(reason);
  }
}
