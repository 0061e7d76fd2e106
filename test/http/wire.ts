import { once } from 'node:events';
import { request } from 'node:http';
import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Sent {
  readonly method: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Sends the body without saying its length. */
  readonly chunked?: boolean;
  readonly agent?: Agent;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the server asked for the body with 100 Continue. */
  readonly continued: boolean;
}

export const TUS = { 'Tus-Resumable': '1.0.0' };
export const BYTES = { 'Content-Type': 'application/offset+octet-stream' };

/** Sends one request; with `Expect: 100-continue` the body goes only when it is asked for. */
export async function send(port: number, sent: Sent): Promise<Reply> {
  const { method, path = '/files', headers = {}, body, chunked, agent } = sent;
  const length = body !== undefined && !chunked ? { 'Content-Length': Buffer.byteLength(body) } : {};
  const outgoing = request({
    ...{ port, method, path, host: '127.0.0.1', agent: agent ?? false },
    headers: { ...length, ...(chunked && { 'Transfer-Encoding': 'chunked' }), ...headers },
  });
  let continued = false;
  // An early answer may come with the end of the connection, while the body is still on its way.
  outgoing.on('error', () => undefined);
  if ('Expect' in headers) {
    outgoing.flushHeaders();
    outgoing.once('continue', () => {
      continued = true;
      outgoing.end(body);
    });
  } else {
    outgoing.end(body);
  }
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  if (!outgoing.writableEnded) outgoing.destroy();
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
    continued,
  };
}

/**
 * Sends bytes as they are, and gives back everything until the server closes the connection. What is sent `after` goes
 * out when the answer has begun to arrive.
 */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  after?: string,
): Promise<{ text: string; reset: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let reset = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A client that writes all of its body before it reads loses the answer to this.
  socket.on('error', () => (reset = true));
  const ended = new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  socket.write(bytes);
  if (after !== undefined) {
    await once(socket, 'data');
    // The first write after a reset learns of it, the second one fails.
    for (const part of [after.slice(0, 1), after.slice(1)]) {
      await new Promise<void>((resolve) => socket.write(part, () => resolve()));
    }
  }
  await ended;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.end();
  if (!socket.destroyed) await closed;
  return { text: Buffer.concat(chunks).toString('latin1'), reset };
}

/** Creates an upload and tells its path. */
export async function create(port: number, headers: OutgoingHttpHeaders, path = '/files'): Promise<string> {
  const { headers: answer } = await send(port, { method: 'POST', path, headers: { ...TUS, ...headers } });
  return answer.location ?? '';
}
