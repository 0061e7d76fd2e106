/** The file could not be uploaded; the message is one sentence for a person. */
export class UploadFailedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UploadFailedError';
  }
}

/** The upload was stopped through its signal. */
export class UploadInterruptedError extends Error {
  constructor(
    /** True if the same call goes on where this one stopped. */
    readonly resumable: boolean,
  ) {
    super(resumable ? 'The upload was interrupted and can be resumed.' : 'The upload was interrupted.');
    this.name = 'UploadInterruptedError';
  }
}
