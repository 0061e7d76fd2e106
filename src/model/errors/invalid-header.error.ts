import { UploadError } from './upload.error.js';

/** A header is missing, malformed, or contradicts another. */
export class InvalidHeaderError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_HEADER';

  constructor(
    readonly header: string,
    problem: string,
  ) {
    super(`${header}: ${problem}`);
  }
}
