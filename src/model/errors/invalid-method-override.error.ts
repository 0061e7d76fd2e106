import { UploadError } from './upload.error.js';

/** The method override names no method of tus, or comes where it cannot be honoured (OVR-01, OVR-02). */
export class InvalidMethodOverrideError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_METHOD_OVERRIDE';

  constructor(problem = 'X-HTTP-Method-Override may be PATCH, DELETE, HEAD or POST.') {
    super(problem);
  }
}
