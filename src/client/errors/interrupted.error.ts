import { TusClientError } from './tus-client.error.js';

/** The upload was stopped through its signal, or by unsubscribing. What the server has stored stays there. */
export class UploadInterruptedError extends TusClientError {
  override readonly code = 'INTERRUPTED';

  constructor(
    /** True if the same call goes on where this one stopped. */
    readonly resumable: boolean,
    options?: ErrorOptions,
  ) {
    super(
      resumable ? 'The upload was interrupted and can be resumed.' : 'The upload was interrupted.',
      options,
    );
  }
}
