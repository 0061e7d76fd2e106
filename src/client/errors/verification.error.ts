import { TusClientError } from './tus-client.error.js';

/** What the server holds is not what was sent. */
export class VerificationError extends TusClientError {
  override readonly code = 'VERIFICATION';

  constructor(
    message: string,
    /** True if the server holds something else; false if it gives nothing back that could be compared. */
    readonly differs: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
