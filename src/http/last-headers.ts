import type { IncomingMessage, ServerResponse } from 'node:http';
import { announcesBody } from './unread-body.js';
import type { Visit } from './visit.js';

/** Seconds after which to try again, where whoever refused the request named none (CORE-29). */
const RETRY_AFTER = '1';

/** Adds what only the final status shows, whoever gives the answer: the module, a guard, or a filter. */
export function addLastHeaders(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
  const writeHead = response.writeHead;
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const [status] = args;
    if ((status === 429 || status === 503) && !names(args.at(-1), 'retry-after')) {
      if (!response.hasHeader('Retry-After')) response.setHeader('Retry-After', RETRY_AFTER);
    }
    const unasked = visit.awaitsContinue && request.httpVersionMajor === 1 && announcesBody(request);
    // The client may leave out a body that was not asked for, or send it: only a new connection tells the two apart.
    if (unasked) response.setHeader('Connection', 'close');
    return Reflect.apply(writeHead, response, args) as ServerResponse;
  } as typeof response.writeHead;
}

/** Whether headers that come with the status have one of this name. */
function names(headers: unknown, name: string): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}
