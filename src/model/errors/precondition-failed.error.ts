import { UploadError } from './upload.error.js';

/** `If-Match` or `If-Unmodified-Since` means another file than the one that is there (GET-07). */
export class PreconditionFailedError extends UploadError {
  readonly status = 412;
  readonly code = 'PRECONDITION_FAILED';

  constructor() {
    super('The file is another one than If-Match or If-Unmodified-Since asks for.');
  }
}
