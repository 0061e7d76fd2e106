import type { IncomingMessage, ServerResponse } from 'node:http';
import { idFromSegment } from '../protocol/tus/upload-id.js';
import type { Target } from '../protocol/tus/allowed-methods.js';
import { admit, originalUrl } from './admit.js';
import type { HttpSettings } from './http-settings.js';
import { publicPath } from './location.js';
import { visitOf } from './visit.js';
import type { Visit } from './visit.js';

export interface LateArrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly settings: HttpSettings;
}

/**
 * The visit of a request, made up for where the server's gate was not passed: a serverless handler that calls the
 * framework directly, or an application that is mounted below another one. Guards have already run, so the method
 * stays what they saw.
 */
export function visitFor({ request, response, target, settings }: LateArrival): Visit {
  const known = visitOf(request);
  if (known) {
    known.ours = true;
    return known;
  }
  const path = publicPath(originalUrl(request));
  const slash = path.lastIndexOf('/');
  const base = target === 'collection' ? path : path.slice(0, slash);
  const id = target === 'collection' ? null : idFromSegment(path.slice(slash + 1));
  return admit({
    request,
    response,
    match: { base, target, id },
    endpoint: { paths: [base === '' ? '/' : base], settings, hiddenContentType: undefined },
    late: true,
  });
}
