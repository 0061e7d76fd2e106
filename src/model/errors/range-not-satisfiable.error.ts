import { UploadError } from './upload.error.js';

/** No byte of the range is in the file; `Content-Range` tells how long it is (GET-06). */
export class RangeNotSatisfiableError extends UploadError {
  readonly status = 416;
  readonly code = 'RANGE_NOT_SATISFIABLE';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(length: number) {
    super(`The range begins behind the end of the file, which has ${length} bytes.`);
    this.headers = { 'Content-Range': `bytes */${length}` };
  }
}
