import type { IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Ends a request without an answer; on HTTP/2 only its stream. Clients take it for a lost connection, ask for the
 * offset and go on there (CORE-21).
 */
export function closeConnection(request: IncomingMessage & { readonly stream?: Http2Stream }): void {
  if (request.httpVersionMajor >= 2) request.stream?.close(constants.NGHTTP2_CANCEL);
  else destroyConnection(request);
}

/** Destroys the connection of an HTTP/1 request. */
export function destroyConnection(request: IncomingMessage): void {
  const socket: Partial<Socket> = request.socket;
  // The requests of Fastify's `inject()` have no connection.
  if (typeof socket.destroy === 'function') request.socket.destroy();
  else request.destroy();
}
