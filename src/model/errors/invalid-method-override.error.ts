import { UploadError } from './upload.error.js';

/** The method override names no method of tus (OVR-01). */
export class InvalidMethodOverrideError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_METHOD_OVERRIDE';

  constructor() {
    super('X-HTTP-Method-Override may be PATCH, DELETE, HEAD or POST.');
  }
}
