import { TusClientError } from './tus-client.error.js';

/** The server does not offer what the call needs (CLI-07); no byte was sent. */
export class TusUnsupportedError extends TusClientError {
  override readonly code = 'UNSUPPORTED';
}
