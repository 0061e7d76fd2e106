import { TusClientError } from './tus-client.error.js';

/** What the server holds is not what was sent. */
export class VerificationError extends TusClientError {
  override readonly code = 'VERIFICATION';
}
