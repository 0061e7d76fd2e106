import { UploadError } from './upload.error.js';

/** The request names another version of tus, or none (CORE-01). */
export class UnsupportedVersionError extends UploadError {
  readonly status = 412;
  readonly code = 'UNSUPPORTED_VERSION';
  override readonly headers = { 'Tus-Version': '1.0.0' };

  constructor() {
    super('Send the header Tus-Resumable: 1.0.0; this server speaks no other version.');
  }
}
