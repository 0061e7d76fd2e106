import { idFromSegment } from '../protocol/tus/upload-id.js';
import type { HttpSettings } from './http-settings.js';
import { pathOf } from './location.js';
import { sameSegment, segmentsOf } from './path-segments.js';

/** An endpoint as the server sees it. */
export interface Endpoint {
  /** Every path that the application serves it under: with prefix, with each version. */
  readonly paths: readonly string[];
  readonly settings: HttpSettings;
  /** Whether the router of the platform tells `/Files` from `/files`. */
  readonly caseSensitive: boolean;
  /** Where routers take the first route that fits: the place of the endpoint among the routes; else 0 for all. */
  readonly rank: number;
  /**
   * What takes the place of `Content-Type` while body parsers run: Express' parsers leave a body without a type
   * alone, Fastify needs one that it has a parser for.
   */
  readonly hiddenContentType: string | undefined;
}

export interface Match {
  /** The path of the endpoint that matched. */
  readonly base: string;
  /** `below` is deeper than any upload: another route of the application, or its own 404. */
  readonly target: 'collection' | 'upload' | 'below';
  /** The id of the upload; null if the segment cannot be one. */
  readonly id: string | null;
}

/**
 * Whether a request target belongs to the endpoint, in any spelling that a router may take for its path; `E/` is `E`
 * and `U/` is `U` (CORE-26).
 */
export function matchEndpoint(endpoint: Endpoint, url: string): Match | undefined {
  const segments = segmentsOf(pathOf(url));
  let best: Match | undefined;
  for (const base of endpoint.paths) {
    // An endpoint may lie below another one: the longer path is meant.
    if (best && best.base.length >= base.length) continue;
    const rest = segments && segmentsBelow(base, segments, endpoint.caseSensitive);
    if (rest) best = { base, ...targetOf(rest) };
  }
  return best;
}

function segmentsBelow(
  base: string,
  segments: readonly string[],
  caseSensitive: boolean,
): readonly string[] | undefined {
  const own = base === '/' ? [] : (segmentsOf(base) ?? []);
  const fits = own.every((one, index) => sameSegment(one, segments[index], caseSensitive));
  return fits ? segments.slice(own.length) : undefined;
}

function targetOf(rest: readonly string[]): Pick<Match, 'target' | 'id'> {
  const [first = '', second = '', ...more] = rest;
  if (second !== '' || more.length > 0 || (first === '' && rest.length > 1)) {
    return { target: 'below', id: null };
  }
  return first === '' ? { target: 'collection', id: null } : { target: 'upload', id: idFromSegment(first) };
}

/** Stands in the place of an id that cannot be one, so that no router chokes on it and the answer is a 404 (CORE-06). */
const NO_ID = '_';

/** The request target in the one spelling that every router takes: no slash at the end, the id decoded. */
export function routedUrl(match: Match, url: string): string {
  if (match.target === 'below') return url;
  const query = /\?[^#]*/.exec(url)?.[0] ?? '';
  if (match.target === 'collection') return `${match.base}${query}`;
  return `${match.base === '/' ? '' : match.base}/${match.id ?? NO_ID}${query}`;
}
