import { UploadError } from './upload.error.js';

/** The application does not take an upload with this metadata (option `validateMetadata`); the message is its own. */
export class MetadataRefusedError extends UploadError {
  readonly status = 400;
  readonly code = 'METADATA_REFUSED';

  constructor(reason: string) {
    super(reason.trim() === '' ? 'An upload with this metadata is not accepted.' : reason);
  }
}
