import { UploadError } from './upload.error.js';

/** The storage cannot hold an object under the key that this request leads to; `cause` says why, for the log. */
export class InvalidKeyError extends UploadError {
  readonly status = 400;
  readonly code = 'INVALID_KEY';

  constructor(options?: ErrorOptions) {
    // The key may hold what clients must not learn, such as the name of a tenant.
    super(
      'The upload cannot be stored under the name that it would get; send other Upload-Metadata.',
      options,
    );
  }
}
