import { UploadError } from './upload.error.js';

/** Upload-Length contradicts what is known of the upload (CRE-15, CRE-16). */
export class LengthConflictError extends UploadError {
  readonly status = 400;
  readonly code = 'LENGTH_CONFLICT';

  constructor(problem: string) {
    super(problem);
  }
}
