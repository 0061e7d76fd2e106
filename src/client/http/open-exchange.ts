import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TusClientError } from '../errors/tus-client.error.js';
import { TusConnectionError } from '../errors/connection.error.js';
import type { Body } from './body.js';
import { LinkedAbort } from './linked-abort.js';

/** Answers about a final repeat the URLs of all its partials; Node's own limit is 16 KiB. */
const MAX_HEADER_SIZE = 256 * 1024;

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body | null;
  /** Told how many bytes of the body have left this process. */
  readonly onSent?: (sent: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte in either direction after which the connection counts as lost; 0: never. */
  readonly idleTimeout: number;
}

/**
 * One HTTP/1.1 request; resolves with the head of the answer.
 * @throws TusConnectionError if none comes, the reason of the signal, or what the body throws.
 */
export function openExchange(exchange: Exchange): Promise<IncomingMessage> {
  const { method, url, headers, body, signal, idleTimeout } = exchange;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const begin = url.startsWith('https:') ? requestHttps : requestHttp;
    const length = body && body.size > 0 ? { 'Content-Length': String(body.size) } : {};
    const request = begin(url, {
      method,
      headers: { ...headers, ...length },
      maxHeaderSize: MAX_HEADER_SIZE,
      // As an option, since setTimeout() begins when the connection stands.
      timeout: idleTimeout,
    });
    const fail = (error: unknown): void =>
      reject(error instanceof TusClientError ? error : new TusConnectionError(url, error));
    const abort = (): void => {
      reject(signal?.reason as Error);
      request.destroy();
    };
    const link = new LinkedAbort(signal);
    link.signal.addEventListener('abort', abort, { once: true });
    request.on('timeout', () => request.destroy(new Error(`no byte came for ${idleTimeout} ms`)));
    request.on('error', fail);
    request.on('close', () => {
      link.release();
      fail(new Error('it was closed without an answer'));
    });
    request.on('response', resolve);
    if (body && body.size > 0) void sendBody(request, body, exchange.onSent).catch(cut);
    else request.end();

    function cut(error: unknown): void {
      fail(error);
      request.destroy();
    }
  });
}

async function sendBody(request: ClientRequest, body: Body, onSent?: (sent: number) => void): Promise<void> {
  let sent = 0;
  let refused = false;
  // Who has refused need not be sent the rest; the connection is of no use afterwards.
  request.on('response', (response: IncomingMessage) => {
    if ((response.statusCode ?? 0) < 400 || sent === body.size) return;
    refused = true;
    response.once('end', () => request.destroy());
  });
  for await (const piece of body.read()) {
    if (refused || request.destroyed) return;
    await flushed(request, piece);
    sent += piece.length;
    onSent?.(sent);
  }
  request.end();
}

/** Resolves when the piece has left this process, and its memory may be used again. */
function flushed(request: ClientRequest, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    // Of a request that is destroyed nothing more is heard; its error is told by the request itself.
    const settle = (): void => {
      request.off('close', settle);
      resolve();
    };
    request.once('close', settle);
    request.write(piece, settle);
  });
}
