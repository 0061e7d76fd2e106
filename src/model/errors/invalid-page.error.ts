import { UploadError } from './upload.error.js';

/** A page of a list was asked for that cannot be. */
export class InvalidPageError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_PAGE';

  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(`${field}: ${problem}`);
  }
}
