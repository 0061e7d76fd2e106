import type { IncomingMessage, ServerResponse } from 'node:http';
import { InvalidMethodOverrideError } from '../model/errors/invalid-method-override.error.js';
import { MalformedRequestError } from '../model/errors/malformed-request.error.js';
import { UploadError } from '../model/errors/upload.error.js';
import { corsHeaders, isPreflight, preflightHeaders } from '../protocol/tus/cors.js';
import { discoveryHeaders } from '../protocol/tus/discovery.js';
import type { HeaderReader, Headers } from '../protocol/tus/headers.js';
import { effectiveMethod } from '../protocol/tus/method-override.js';
import { speaksTus } from '../protocol/tus/speaks-tus.js';
import { TUS_VERSION } from '../protocol/tus/version.js';
import { routedUrl } from './endpoint.js';
import type { Endpoint, Match } from './endpoint.js';
import { plainAbilities } from './http-settings.js';
import { addLastHeaders } from './last-headers.js';
import { hasForeignScheme } from './location.js';
import { fixOverriddenHead } from './overridden-head.js';
import { announcesBody, drainUnreadBody } from './unread-body.js';
import { rememberVisit, visitOf } from './visit.js';
import type { Visit } from './visit.js';

export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly match: Match;
  readonly endpoint: Pick<Endpoint, 'paths' | 'settings' | 'hiddenContentType'>;
  /** The guards of the application have run already. */
  readonly late?: boolean;
}

/** Reads a header of Node's request; a field that came several times is one value (trap 20). */
export function headerReader(request: IncomingMessage): HeaderReader {
  return (name) => {
    const value = request.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/**
 * Prepares a request of the endpoint before the application sees it, once. What is set here is on every answer,
 * whoever gives it: a guard, a body parser, the framework's CORS, or its 404 (CORE-02, CORS-01, CORS-08). A request
 * without any mark of tus may be for another route of the application: its method and its body are left alone.
 */
export function admit(arrival: Arrival, awaitsContinue = false): Visit {
  const { request, response, match, endpoint, late = false } = arrival;
  const known = visitOf(request);
  if (known) return known;
  const header = headerReader(request);
  const realMethod = request.method ?? 'GET';
  const url = originalUrl(request);
  setHeaders(response, standardHeaders(realMethod, header, endpoint));
  const { method, refusal } = understand(request, header, late);
  const tus = speaksTus(header);
  const visit: Visit = {
    url,
    realMethod,
    contentType: request.headers['content-type'],
    id: match.id,
    endpointPaths: endpoint.paths,
    refusal,
    ours: tus || late,
    awaitsContinue,
  };
  rememberVisit(request, visit);
  request.method = method;
  if (method === 'HEAD' && realMethod !== 'HEAD') fixOverriddenHead(response);
  // No parser of the application takes a body without a type, and Fastify would refuse it.
  const parsed = !tus && visit.contentType !== undefined;
  if (!parsed && !late) hideContentType(request, endpoint.hiddenContentType);
  // `favicon.ico` is no id, but may be a file of the application.
  if (tus || match.target === 'collection' || match.id !== null) {
    request.url = routedUrl(match, request.url ?? '/');
  }
  addLastHeaders({ request, response, visit, cors: endpoint.settings.cors });
  drainUnreadBody(request, response, visit);
  return visit;
}

/** All that is done to what is deeper than any upload, which the application serves or does not know (CORE-02). */
export function markBelow(response: ServerResponse): void {
  response.setHeader('Tus-Resumable', TUS_VERSION);
}

/** Answers a browser's preflight, if CORS is the module's business: it must pass guards and body parsers (CORS-09). */
export function answerPreflight({ request, response, endpoint }: Arrival): boolean {
  const { cors } = endpoint.settings;
  const header = headerReader(request);
  if (!cors || !isPreflight(request.method ?? '', header)) return false;
  setHeaders(response, preflightHeaders(header('Origin') ?? '', cors, endpoint.settings));
  response.statusCode = 204;
  response.end();
  return true;
}

/** An application that is mounted below another one has the client's URL here. */
export function originalUrl(request: IncomingMessage & { originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '/';
}

function standardHeaders(method: string, header: HeaderReader, { settings }: Arrival['endpoint']): Headers {
  return {
    'Tus-Resumable': TUS_VERSION,
    'Cache-Control': 'no-store',
    ...corsHeaders(header('Origin'), settings.cors),
    ...(method === 'OPTIONS' && discoveryHeaders(plainAbilities(settings))),
  };
}

/** The first two rows of the order of checks: framing and method override. */
function understand(
  request: IncomingMessage,
  header: HeaderReader,
  late: boolean,
): { method: string; refusal: UploadError | undefined } {
  const method = request.method ?? 'GET';
  try {
    // Node would decode it, but HTTP/1.0 does not know it: a proxy in front may see another request (trap 4).
    if (request.httpVersion === '1.0' && header('Transfer-Encoding') !== undefined) {
      throw new MalformedRequestError('HTTP/1.0 has no Transfer-Encoding; send Content-Length.');
    }
    if (hasForeignScheme(originalUrl(request))) {
      throw new MalformedRequestError('The request target is no URL of http or https.');
    }
    const meant = effectiveMethod(method, header);
    // Whoever let the request in has looked at the real method.
    if (late && meant !== method) {
      throw new InvalidMethodOverrideError('X-HTTP-Method-Override cannot be honoured on this way in.');
    }
    return { method: meant, refusal: undefined };
  } catch (error) {
    if (error instanceof UploadError) return { method, refusal: error };
    throw error;
  }
}

function hideContentType(request: IncomingMessage, hidden: string | undefined): void {
  if (hidden === undefined) delete request.headers['content-type'];
  else if (request.headers['content-type'] !== undefined || announcesBody(request)) {
    request.headers['content-type'] = hidden;
  }
}

function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
