import { idFromSegment } from '../protocol/tus/upload-id.js';
import type { HttpSettings } from './http-settings.js';
import { pathOf } from './location.js';

/** An endpoint as the server sees it. */
export interface Endpoint {
  /** Every path that the application serves it under: with prefix, with each version. */
  readonly paths: readonly string[];
  readonly settings: HttpSettings;
  /**
   * What takes the place of `Content-Type` while body parsers run: Express' parsers leave a body without a type
   * alone, Fastify needs one that it has a parser for.
   */
  readonly hiddenContentType: string | undefined;
}

export interface Match {
  /** The path of the endpoint that matched. */
  readonly base: string;
  /** `below` is deeper than any upload: the application's own 404. */
  readonly target: 'collection' | 'upload' | 'below';
  /** The id of the upload; null if the segment cannot be one. */
  readonly id: string | null;
}

/** Whether a request target belongs to the endpoint; `E/` is `E` and `U/` is `U` (CORE-26). */
export function matchEndpoint(endpoint: Endpoint, url: string): Match | undefined {
  const path = pathOf(url);
  // An endpoint may lie below another one: the longer path is meant.
  const base = endpoint.paths
    .filter((one) => path === one || path.startsWith(one === '/' ? one : `${one}/`))
    .reduce<string | undefined>((best, one) => (best && best.length > one.length ? best : one), undefined);
  if (base === undefined) return undefined;
  const rest = path.slice(base === '/' ? 1 : base.length + 1).replace(/\/$/, '');
  if (rest === '') return { base, target: 'collection', id: null };
  if (rest.includes('/')) return { base, target: 'below', id: null };
  return { base, target: 'upload', id: idFromSegment(rest) };
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
