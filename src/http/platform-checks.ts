import type { IncomingMessage } from 'node:http';
import { BodyConsumedError } from '../model/errors/body-consumed.error.js';

/**
 * Refuses to store a body that somebody else has read (trap 7): the offset would not move, and the client would send
 * the same bytes for ever.
 * @throws BodyConsumedError naming the remedy.
 */
export function checkBodyUnread(raw: IncomingMessage, parsedBody: unknown): void {
  if (raw.readableDidRead || raw.readableEnded || Buffer.isBuffer(parsedBody)) throw new BodyConsumedError();
}
