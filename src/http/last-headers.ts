import type { IncomingMessage, ServerResponse } from 'node:http';
import { corsHeaders } from '../protocol/tus/cors.js';
import type { CorsOptions } from '../protocol/tus/cors.js';
import { announcesBody } from './unread-body.js';
import type { Visit } from './visit.js';

/** Seconds after which to try again, where whoever refused the request named none (CORE-29). */
const RETRY_AFTER = '1';

interface Answering {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  /** The module's own CORS; undefined leaves it to the application. */
  readonly cors: CorsOptions | undefined;
}

/** The last word on some headers of an answer; undefined takes one away. */
type LastWord = Record<string, string | undefined>;

/** Adds what only the final status shows, whoever gives the answer: the module, a guard, or a filter. */
export function addLastHeaders(answering: Answering): void {
  const { response, visit } = answering;
  const writeHead = response.writeHead;
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    if (visit.ours && !response.headersSent) say(lastWord(answering, args), response, args);
    return Reflect.apply(writeHead, response, args) as ServerResponse;
  } as typeof response.writeHead;
}

function lastWord({ request, response, visit, cors }: Answering, args: readonly unknown[]): LastWord {
  const [status] = args;
  const said = (name: string) => headersIn(args)[name] ?? response.getHeader(name)?.toString();
  const word: LastWord = {};
  if ((status === 429 || status === 503) && said('retry-after') === undefined) {
    word['Retry-After'] = RETRY_AFTER;
  }
  // Another word of the application would let proxies keep an offset (CORE-05).
  if (request.method === 'HEAD') word['Cache-Control'] = 'no-store';
  const unasked = visit.awaitsContinue && request.httpVersionMajor === 1 && announcesBody(request);
  // The client may leave out a body that was not asked for, or send it: only a new connection tells the two apart.
  if (unasked) word.Connection = 'close';
  // The application's own CORS may have put `*` beside credentials (CORS-06), or let another origin in (CORS-07).
  if (cors) Object.assign(word, corsWord(corsHeaders(request.headers.origin, cors), said('vary')));
  return word;
}

function corsWord(headers: Readonly<Record<string, string>>, vary: string | undefined): LastWord {
  const { Vary, ...word } = headers;
  const varies = (vary ?? '').split(',').map((name) => name.trim().toLowerCase());
  const complete = Vary === undefined || varies.includes('*') || varies.includes(Vary.toLowerCase());
  return {
    'Access-Control-Allow-Origin': undefined,
    'Access-Control-Allow-Credentials': undefined,
    'Access-Control-Expose-Headers': undefined,
    ...word,
    ...(!complete && { Vary: vary ? `${vary}, ${Vary}` : Vary }),
  };
}

/** Headers that come with the status win over those that were set before, so they are taken out there. */
function say(word: LastWord, response: ServerResponse, args: unknown[]): void {
  const given = args.at(-1);
  if (isHeaders(given)) {
    const names = new Set(Object.keys(word).map((name) => name.toLowerCase()));
    const kept = Object.entries(given).filter(([name]) => !names.has(name.toLowerCase()));
    args[args.length - 1] = Object.fromEntries(kept);
  }
  for (const [name, value] of Object.entries(word)) {
    if (value === undefined) response.removeHeader(name);
    else response.setHeader(name, value);
  }
}

/** Headers that come with the status, by their names in lower case. */
function headersIn(args: readonly unknown[]): Record<string, string | undefined> {
  const given = args.at(-1);
  if (!isHeaders(given)) return {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

function isHeaders(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
