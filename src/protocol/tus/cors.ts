import { allowedMethods } from './allowed-methods.js';
import type { MethodRules } from './allowed-methods.js';
import type { HeaderReader, Headers } from './headers.js';

/** Which web pages may use the endpoint, and how. Everything is optional; the defaults suit a public endpoint. */
export interface CorsOptions {
  /**
   * Origins that may: `*`, exact origins (`https://app.example.com`), or patterns that must match all of an origin.
   * @default '*'
   */
  readonly origin?: string | RegExp | readonly (string | RegExp)[];
  /**
   * Whether cookies and HTTP authentication may be sent along; the origin is then named, never `*` (CORS-06).
   * @default false
   */
  readonly credentials?: boolean;
  /**
   * Seconds that a browser may remember the answer to a preflight (CORS-05).
   * @default 86400
   */
  readonly maxAge?: number;
  /** Request headers of the application that are allowed besides those of tus. */
  readonly allowedHeaders?: readonly string[];
  /** Response headers of the application that pages may read besides those of tus. */
  readonly exposedHeaders?: readonly string[];
}

/** Response headers that a page must be able to read (CORS-02). */
export const EXPOSED_HEADERS = [
  ...[
    'Location',
    'Upload-Offset',
    'Upload-Length',
    'Upload-Defer-Length',
    'Upload-Metadata',
    'Upload-Concat',
  ],
  ...['Upload-Expires', 'Upload-Complete', 'Upload-Limit', 'Upload-Draft-Interop-Version', 'Tus-Resumable'],
  ...[
    'Tus-Version',
    'Tus-Extension',
    'Tus-Max-Size',
    'Tus-Checksum-Algorithm',
    'Retry-After',
    'X-Request-ID',
  ],
  ...['ETag', 'Accept-Ranges', 'Content-Range', 'Content-Disposition', 'Content-Digest', 'Repr-Digest'],
  ...['Want-Content-Digest', 'Want-Repr-Digest'],
];

/** Request headers that a page must be able to send (CORS-03). A list, since `*` never covers `Authorization`. */
export const ALLOWED_HEADERS = [
  ...[
    'Authorization',
    'Content-Type',
    'Content-Disposition',
    'Content-Encoding',
    'Origin',
    'X-Requested-With',
  ],
  ...['X-Request-ID', 'X-HTTP-Method-Override', 'Tus-Resumable', 'Upload-Length', 'Upload-Defer-Length'],
  ...[
    'Upload-Offset',
    'Upload-Metadata',
    'Upload-Concat',
    'Upload-Checksum',
    'Upload-Expires',
    'Upload-Complete',
  ],
  ...['Upload-Incomplete', 'Upload-Limit', 'Upload-Draft-Interop-Version', 'Content-Digest', 'Repr-Digest'],
  ...['Want-Content-Digest', 'Want-Repr-Digest', 'Range', 'If-Range', 'If-Match', 'If-None-Match'],
  'If-Modified-Since',
];

/** Seconds that a browser may remember the answer to a preflight (CORS-05). */
const MAX_AGE = 86_400;

/**
 * What an application that does CORS itself has to say of tus (CORS-08), on Express and on Fastify.
 *
 * @example
 * app.enableCors({ ...TUS_CORS, origin: 'https://app.example.com' });
 */
export const TUS_CORS = {
  // Fastify's default is GET, HEAD and POST.
  methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
  allowedHeaders: ALLOWED_HEADERS,
  exposedHeaders: EXPOSED_HEADERS,
  maxAge: MAX_AGE,
  // Fastify's plugin would refuse an OPTIONS that is no preflight (OPT-09); Express knows no such option.
  strictPreflight: false,
};

/** Whether the request is a browser's question before the real one (CORS-09). */
export function isPreflight(method: string, header: HeaderReader): boolean {
  return (
    method === 'OPTIONS' &&
    header('Origin') !== undefined &&
    header('Access-Control-Request-Method') !== undefined
  );
}

/**
 * The CORS headers of any response (CORS-01, CORS-06, CORS-07). Without options, where the application has its own
 * CORS, only the list of readable headers is added, because the application cannot know it.
 */
export function corsHeaders(origin: string | undefined, options: CorsOptions | undefined): Headers {
  const exposed = [...EXPOSED_HEADERS, ...(options?.exposedHeaders ?? [])].join(', ');
  if (!options) return origin === undefined ? {} : { 'Access-Control-Expose-Headers': exposed };
  const named = options.credentials === true || (options.origin ?? '*') !== '*';
  const vary: Headers = named ? { Vary: 'Origin' } : {};
  if (origin === undefined || !isAllowed(origin, options)) return vary;
  return {
    ...vary,
    'Access-Control-Allow-Origin': named ? origin : '*',
    'Access-Control-Expose-Headers': exposed,
    ...(options.credentials === true && { 'Access-Control-Allow-Credentials': 'true' }),
  };
}

/** What a preflight is told in addition (CORS-03 to CORS-05); nothing, if the origin may not (CORS-07). */
export function preflightHeaders(origin: string, options: CorsOptions, rules: MethodRules): Headers {
  if (!isAllowed(origin, options)) return {};
  const methods = new Set([
    ...allowedMethods('collection', rules),
    ...allowedMethods('upload', rules),
    // Methods that cannot be sent travel as a POST (OVR-03).
    'POST',
  ]);
  return {
    'Access-Control-Allow-Methods': [...methods].join(', '),
    'Access-Control-Allow-Headers': [...ALLOWED_HEADERS, ...(options.allowedHeaders ?? [])].join(', '),
    'Access-Control-Max-Age': String(options.maxAge ?? MAX_AGE),
  };
}

function isAllowed(origin: string, options: CorsOptions): boolean {
  const allowed = [options.origin ?? '*'].flat();
  return allowed.some((one) => {
    if (typeof one === 'string') return one === '*' || one === origin;
    // Anchored at both ends, so that `example.com` does not let `example.com.evil.org` in.
    return new RegExp(`^(?:${one.source})$`, one.flags.replace(/[gy]/g, '')).test(origin);
  });
}
