import { UploadError } from './upload.error.js';

/** The option `authorize` did not allow the request (CORE-27). */
export class ForbiddenError extends UploadError {
  readonly status = 403;
  readonly code = 'FORBIDDEN';

  constructor() {
    super('You may not do this with this upload.');
  }
}
