import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Fault } from './fault.js';
import { endToEnd } from './forward.js';

/** Gives the answer of the store to the client, or what a fault leaves of it. */
export async function answerWith(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  if (fault === 'truncated-answer') return truncate(answer, response);
  if (fault !== undefined) {
    for await (const _ of answer);
    if (fault === 'lost-answer') response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
  await pipeline(answer, response);
}

/** Half of the body, or all of one whose length is not told, but not its end; without a body half of the first line. */
async function truncate(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const { 'content-length': length, 'transfer-encoding': encoding } = answer.headers;
  const hasBody = response.req.method !== 'HEAD' && (encoding !== undefined || Number(length ?? 0) > 0);
  if (!hasBody) {
    for await (const _ of answer);
    response.socket?.end('HTTP/1.1 2');
    return;
  }
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
  let left = length === undefined ? Infinity : Math.floor(Number(length) / 2);
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, Math.min(left, chunk.length));
    left -= part.length;
    await new Promise((resolve) => response.write(part, resolve));
  }
  response.socket?.end();
}
