import { UploadError } from './upload.error.js';

/** The upload is pinned by a final that is not merged yet (CON-29). */
export class UploadInUseError extends UploadError {
  readonly status = 409;
  readonly code = 'UPLOAD_IN_USE';

  constructor() {
    super('A final upload still needs this one; delete the final first, or wait until it is merged.');
  }
}
