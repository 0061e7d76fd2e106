import { TusClientError } from './tus-client.error.js';

/** The server answered with success, but not as tus 1.0.0 has it. */
export class TusProtocolError extends TusClientError {
  override readonly code = 'PROTOCOL';
}
