import { UploadError } from './upload.error.js';

/** The bytes that arrived are not those that were sent; none of them counts (CHK-04). */
export class ChecksumMismatchError extends UploadError {
  readonly status = 460;
  readonly code = 'CHECKSUM_MISMATCH';

  constructor() {
    super('The bytes do not match their checksum; send them again.');
  }
}
