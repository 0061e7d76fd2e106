import { UploadError } from './upload.error.js';

/** An entry of Upload-Concat cannot be merged (CON-12); positions count from 1. */
export class InvalidPartialError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_PARTIAL';

  constructor(
    readonly position: number,
    problem: string,
  ) {
    super(`Partial ${position} of the list ${problem}.`);
  }
}
