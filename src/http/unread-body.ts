import type { IncomingMessage, ServerResponse } from 'node:http';
import { destroyConnection } from './close-connection.js';
import type { Visit } from './visit.js';

/** How much of a body that nobody wants is read, so that the client gets to see its answer (trap 6). */
const MAX_BYTES = 1024 * 1024;
const MAX_MILLISECONDS = 1000;

/**
 * When an answer is given before the body was read, goes on reading for a while: a connection that is closed over
 * unread bytes takes the answer with it, and one that is kept needs them out of the way. Without this Node reads all
 * of it, however long it is. What is not for the endpoint is left to Node.
 */
export function drainUnreadBody(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
  // HTTP/2 resets the one stream by itself.
  if (request.httpVersionMajor !== 1 || !announcesBody(request)) return;
  response.once('prefinish', () => {
    if (!visit.ours || request.readableEnded || request.destroyed) return;
    drain(request);
  });
}

/** Whether an HTTP/1 request says that content follows. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function drain(request: IncomingMessage): void {
  const { socket } = request;
  let budget = MAX_BYTES;
  let closing = false;
  const giveUp = () => destroyConnection(request);
  const timer = setTimeout(giveUp, MAX_MILLISECONDS);
  const stopped = () => {
    clearTimeout(timer);
    // The socket's own method is behind this one, and stays behind it when the connection is used again.
    Reflect.deleteProperty(socket, 'destroySoon');
    if (closing) socket.destroySoon();
  };
  // Node closes a connection that is not kept as soon as the answer is out; the rest of the body has to come first.
  socket.destroySoon = () => {
    closing = true;
    socket.end();
  };
  request.on('data', (chunk: Buffer) => {
    budget -= chunk.length;
    if (budget < 0) giveUp();
  });
  request.once('end', stopped);
  request.once('close', stopped);
  request.resume();
}
