import { UploadError } from './upload.error.js';

/** The framing of the request cannot be trusted (trap 4 of the protocol notes). */
export class MalformedRequestError extends UploadError {
  readonly status = 400;
  readonly code = 'MALFORMED_REQUEST';
  override readonly headers = { Connection: 'close' };

  constructor(problem: string) {
    super(problem);
  }
}
