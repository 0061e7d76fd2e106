import { UploadError } from './upload.error.js';

/** A PATCH without the media type of tus (CORE-08). */
export class UnsupportedMediaTypeError extends UploadError {
  readonly status = 415;
  readonly code = 'UNSUPPORTED_MEDIA_TYPE';

  constructor() {
    super('Send the bytes with Content-Type: application/offset+octet-stream.');
  }
}
