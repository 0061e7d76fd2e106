import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Uploads share the connections: four parts of thirty at once. */
const POOL = { keepAlive: true, maxSockets: 120 } as const;
/** A download holds its connection for as long as its client takes: no upload waits for that. */
const DOWNLOADS = { keepAlive: true } as const;
const PLAIN = { uploads: new PlainAgent(POOL), downloads: new PlainAgent(DOWNLOADS) };
const SECURE = { uploads: new SecureAgent(POOL), downloads: new SecureAgent(DOWNLOADS) };

export interface ExchangeOptions {
  readonly url: string | URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: unknown;
  /** Of a proxy. Default: one that keeps connections. */
  readonly agent?: unknown;
  /** Whether the answer is read as slowly as somebody else likes. */
  readonly download?: boolean;
  readonly signal: AbortSignal;
}

/**
 * One request and its answer, the body unread. The client library has `node-fetch` for it, whose downloads wait for ever
 * when the connection breaks in their middle, and keep the connection when nobody reads them any more.
 */
export function exchange({
  url: text,
  method,
  headers,
  body,
  agent,
  download = false,
  signal,
}: ExchangeOptions): Promise<IncomingMessage> {
  const url = new URL(text);
  const isPlain = url.protocol === 'http:';
  const own = (isPlain ? PLAIN : SECURE)[download ? 'downloads' : 'uploads'];
  const pool = (agent ?? own) as PlainAgent;
  return new Promise((resolve, reject) => {
    const send = isPlain ? plainRequest : secureRequest;
    const request = send(url, { method, headers, agent: pool, signal });
    // An answer may come before the body has ended.
    request.once('response', resolve).on('error', reject);
    if (body instanceof Readable) pipeline(body, request).catch(reject);
    else request.end(body);
  });
}

/** The whole body of an answer; rejects if it breaks off. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
