import { once } from 'node:events';
import { request as open } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Of one connection only; the proxy has answered `Expect` itself. */
const HOP_BY_HOP = new Set(['connection', 'expect', 'keep-alive']);

/** Sends a request on as it is, its host and its signature too; resolves with the answer, its body unread. */
export async function forward(
  request: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
  store: URL,
  body: Readable,
): Promise<IncomingMessage> {
  const outgoing = open({
    host: store.hostname,
    port: store.port,
    method: request.method,
    path: request.url,
    headers: endToEnd(request.rawHeaders),
    setHost: false,
    // A connection that is used again may be one that the store has just closed.
    agent: false,
  });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  // An answer may come before the body has ended, and the store then does not read the rest.
  const sent = pipeline(body, outgoing).then(() => answered);
  answered.catch(() => undefined);
  sent.catch(() => undefined);
  const [answer] = await Promise.race([answered, sent]);
  return answer;
}

/** Names and values in turn, as Node has them raw. */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => !HOP_BY_HOP.has(rawHeaders[at - (at % 2)]?.toLowerCase() ?? ''));
}
