import { UploadError } from './upload.error.js';

/** Upload-Metadata breaks its syntax or its limit (CRE-10). */
export class InvalidMetadataError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_METADATA';

  constructor(problem: string) {
    super(`Upload-Metadata: ${problem}.`);
  }
}
