import { isDeepStrictEqual } from 'node:util';
import { discoveryHeaders } from '../protocol/tus/discovery.js';
import type { Endpoint } from './endpoint.js';
import { plainAbilities } from './http-settings.js';
import { sameSegment, segmentsOf } from './path-segments.js';

/** Why two endpoints cannot be served by one server. */
export interface Conflict {
  readonly path: string;
  /** What to do, as the end of a sentence. */
  readonly fix: string;
}

/** The first conflict between two endpoints, whichever was registered first. */
export function conflictOf(one: Endpoint, other: Endpoint): Conflict | undefined {
  for (const path of one.paths) {
    for (const otherPath of other.paths) {
      const conflict = shared({ one, other, path, otherPath }) ?? shadowed({ one, other, path, otherPath });
      if (conflict) return conflict;
    }
  }
  return undefined;
}

interface Pair {
  readonly one: Endpoint;
  readonly other: Endpoint;
  readonly path: string;
  readonly otherPath: string;
}

/** Versions in a header, and hosts, share a path: what is said before routing must then be the same for both. */
function shared({ one, other, path, otherPath }: Pair): Conflict | undefined {
  if (depthBelow(path, otherPath, one.caseSensitive) !== 0) return undefined;
  const [said, alsoSaid] = [one, other].map(({ settings }) => [
    settings.cors,
    settings.downloads,
    discoveryHeaders(plainAbilities(settings)),
  ]);
  if (isDeepStrictEqual(said, alsoSaid)) return undefined;
  return { path, fix: 'another registration serves it with other options: give each a path of its own' };
}

/** A router that takes the first route that fits takes the deeper endpoint for an upload of the other one. */
function shadowed({ one, other, path, otherPath }: Pair): Conflict | undefined {
  const [shallow, deep] = one.rank < other.rank ? [path, otherPath] : [otherPath, path];
  if (one.rank === other.rank || depthBelow(shallow, deep, one.caseSensitive) !== 1) return undefined;
  const fix = `"${shallow}" is registered before it and takes its requests: import the registration of "${deep}" first`;
  return { path: deep, fix };
}

/** How many segments a path is below another one; undefined if it is not. */
function depthBelow(upper: string, path: string, caseSensitive: boolean): number | undefined {
  const [above, segments] = [upper, path].map((one) => (one === '/' ? [] : (segmentsOf(one) ?? [])));
  if (!above || !segments) return undefined;
  const fits = above.every((segment, index) => sameSegment(segment, segments[index], caseSensitive));
  return fits ? segments.length - above.length : undefined;
}
