import { UploadError } from './upload.error.js';

/** A fault in the setup of the application, not of the client (trap 7 of the protocol notes). */
export class BodyConsumedError extends UploadError {
  readonly status = 500;
  readonly code = 'BODY_CONSUMED';

  constructor() {
    super(
      'A body parser of this application has read the upload before nestjs-tus could: exclude application/offset+octet-stream, or the path of the uploads, from it.',
    );
  }
}
