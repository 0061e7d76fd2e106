import type { IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import type { Http2Stream } from 'node:http2';

/**
 * Ends a request without an answer; on HTTP/2 only its stream. Clients take it for a lost connection, ask for the
 * offset and go on there (CORE-21).
 */
export function closeConnection(request: IncomingMessage & { readonly stream?: Http2Stream }): void {
  if (request.httpVersionMajor >= 2) request.stream?.close(constants.NGHTTP2_CANCEL);
  else request.socket.destroy();
}
