import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Sends the body in chunks without announcing its length. */
  readonly chunked?: boolean;
}

/** One HTTP/1.1 request, as it is: no default headers, no redirects. */
export function call({ method, url, headers = {}, body, chunked }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(url, {
      method,
      headers: { ...length, ...headers, ...(chunked && { 'transfer-encoding': 'chunked' }) },
      agent: false,
      maxHeaderSize: 256 * 1024,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          statusText: incoming.statusMessage ?? '',
          headers: incoming.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    outgoing.end(body);
  });
}

/** The headers of tus, with others. */
export function tus(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { 'tus-resumable': '1.0.0', ...headers };
}

/** A PATCH at an offset. */
export function patch(
  url: string,
  offset: number,
  body: Buffer | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call({
    method: 'PATCH',
    url,
    headers: tus({
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...headers,
    }),
    body,
  });
}

/** Creates an upload and resolves with its absolute URL. */
export async function create(endpoint: string, headers: Record<string, string>): Promise<string> {
  const answer = await call({ method: 'POST', url: endpoint, headers: tus(headers) });
  if (answer.status !== 201) throw new Error(`creation answered ${answer.status}: ${answer.body.toString()}`);
  return new URL(String(answer.headers.location), endpoint).href;
}

export function head(url: string): Promise<Answer> {
  return call({ method: 'HEAD', url, headers: tus() });
}

/** The id in the URL of an upload. */
export function idOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}
