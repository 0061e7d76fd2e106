import { InvalidHeaderError } from '../../model/errors/invalid-header.error.js';
import { InvalidPartialError } from '../../model/errors/invalid-partial.error.js';
import { idFromSegment } from './upload-id.js';

export interface ConcatContext {
  /** Path of the request as the client sent it; relative references are resolved against it. */
  readonly requestPath: string;
  /** Paths under which the endpoint is known: the public one first, then those that the server registered. */
  readonly endpointPaths: readonly string[];
  /** Entries of a list at most. */
  readonly maxPartials: number;
}

/** Stands in for a host that nobody compares: a proxy that ends TLS changes it anyway (CON-15). */
const SOME_HOST = 'http://endpoint.invalid';

/**
 * The ids of the partials in a list of URLs, in order (CON-07, CON-14, CON-15). No URL is ever fetched: only its path
 * counts.
 * @throws InvalidHeaderError for a list that is empty or too long; InvalidPartialError naming the entry at fault.
 */
export function parseConcatList(list: string, context: ConcatContext): string[] {
  const entries = list.split(' ').filter((entry) => entry !== '');
  if (entries.length === 0) throw new InvalidHeaderError('Upload-Concat', 'the list of partials is empty.');
  if (entries.length > context.maxPartials) {
    throw new InvalidHeaderError(
      'Upload-Concat',
      `a final may have ${context.maxPartials} partials at most.`,
    );
  }
  const places = placesOf(context);
  return entries.map((entry, index) => {
    const id = idOf(entry, places);
    if (id === null) throw new InvalidPartialError(index + 1, 'is not the URL of an upload of this endpoint');
    return id;
  });
}

interface Places {
  /** Paths of the endpoint, as the URL parser writes them. */
  readonly endpoints: readonly string[];
  /** What references may be relative to. */
  readonly bases: readonly string[];
}

function placesOf({ requestPath, endpointPaths }: ConcatContext): Places {
  const paths = [...new Set(endpointPaths)];
  return {
    endpoints: paths.flatMap((path) => pathOf(path, '/') ?? []),
    bases: [requestPath, ...paths.map((path) => `${withoutEndSlash(path)}/`)],
  };
}

function idOf(entry: string, { endpoints, bases }: Places): string | null {
  // The URL parser takes a backslash for a slash; a path of ours never has one.
  if (entry.includes('\\')) return null;
  for (const base of bases) {
    const path = pathOf(entry, base);
    const segment = path === null ? null : segmentBelow(endpoints, path);
    if (segment !== null) return idFromSegment(segment);
  }
  return null;
}

/** Resolves a reference by RFC 3986, dot segments and all, and keeps the path alone. */
function pathOf(reference: string, base: string): string | null {
  const root = `${SOME_HOST}${base}`;
  if (!URL.canParse(reference, root)) return null;
  const url = new URL(reference, root);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.pathname : null;
}

/** The one segment of a path below one of the endpoints; a slash at its end is tolerated. */
function segmentBelow(endpoints: readonly string[], path: string): string | null {
  const whole = withoutEndSlash(path);
  for (const endpoint of endpoints) {
    const prefix = `${withoutEndSlash(endpoint)}/`;
    const segment = whole.slice(prefix.length);
    if (whole.startsWith(prefix) && segment !== '' && !segment.includes('/')) return segment;
  }
  return null;
}

function withoutEndSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
