import { UploadError } from './upload.error.js';

/** The upload would exceed the largest size that is allowed (CRE-08). */
export class UploadTooLargeError extends UploadError {
  readonly status = 413;
  readonly code = 'UPLOAD_TOO_LARGE';

  constructor(readonly maxSize: number) {
    super(`An upload may have ${maxSize} bytes at most.`);
  }
}
