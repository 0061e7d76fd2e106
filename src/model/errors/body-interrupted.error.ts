import { UploadError } from './upload.error.js';

/**
 * The body stopped before its end: the client went away, or sent nothing for too long (CORE-15, CORE-21). What had
 * arrived is stored. Over HTTP there is nobody to answer: the connection is closed, which clients retry.
 */
export class BodyInterruptedError extends UploadError {
  readonly status = 408;
  readonly code = 'BODY_INTERRUPTED';

  constructor(
    /** Where the upload stands now. */
    readonly offset: number,
  ) {
    super(`The body stopped before its end; the upload stands at ${offset}.`);
  }
}
