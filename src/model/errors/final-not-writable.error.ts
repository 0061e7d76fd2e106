import { UploadError } from './upload.error.js';

/** Bytes were sent to a final upload (CON-10, CON-16). */
export class FinalNotWritableError extends UploadError {
  readonly status = 403;
  readonly code = 'FINAL_NOT_WRITABLE';

  constructor() {
    super('A final upload is made of its partials and takes no bytes of its own.');
  }
}
