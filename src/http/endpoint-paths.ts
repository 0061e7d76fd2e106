import { RequestMethod, VersioningType } from '@nestjs/common';
import type { VERSION_NEUTRAL, VersioningOptions } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';

type Version = string | typeof VERSION_NEUTRAL;

/** Where a controller was put, before the application adds to it. */
export interface ControllerRoute {
  /** The path of `@Controller`. */
  readonly path: string;
  /** The path that `RouterModule` gives to the module of the controller. */
  readonly modulePath?: string;
  /** The version of the controller; only URI versioning shows in a path. */
  readonly version?: Version | readonly Version[];
}

/** What an application adds to the paths of its controllers. */
export type PathConfig = Pick<
  ApplicationConfig,
  'getGlobalPrefix' | 'getGlobalPrefixOptions' | 'getVersioning'
>;

/**
 * Every path that an endpoint is served under (trap 16): Nest puts the global prefix first, then the version, then
 * the path of the module and of the controller; routes can be excluded from the prefix.
 * @throws Error if an exclusion takes the prefix from the endpoint but not from its uploads, or the other way round.
 */
export function endpointPaths(route: ControllerRoute, config: PathConfig): string[] {
  const own = join(route.modulePath ?? '', route.path);
  const prefix = join(config.getGlobalPrefix());
  const bare = isExcluded(own, config);
  if (prefix !== '' && bare !== isExcluded(`${own}/:id`, config)) {
    throw new Error(
      `setGlobalPrefix() excludes only a part of ${own} from the prefix; exclude '${own.slice(1)}{/*path}' or nothing of it.`,
    );
  }
  const paths = versionSegments(route, config.getVersioning()).map((version) =>
    join(bare ? '' : prefix, version, own),
  );
  return [...new Set(paths)].map((path) => (path === '' ? '/' : path));
}

function versionSegments(route: ControllerRoute, versioning: VersioningOptions | undefined): string[] {
  if (versioning?.type !== VersioningType.URI) return [''];
  const versions = [route.version ?? versioning.defaultVersion ?? []].flat();
  if (versions.length === 0) return [''];
  const prefix = versioning.prefix === false ? '' : (versioning.prefix ?? 'v');
  return versions.map((version) => (typeof version === 'string' ? `${prefix}${version}` : ''));
}

/** An exclusion of one method leaves the rest under the prefix, as Nest does for a route of all methods. */
function isExcluded(path: string, config: PathConfig): boolean {
  const routes = config.getGlobalPrefixOptions().exclude ?? [];
  return routes.some(
    // Nest writes "all methods" in two ways.
    ({ requestMethod, pathRegex }) =>
      (requestMethod === RequestMethod.ALL || (requestMethod as number) === -1) && pathRegex.test(path),
  );
}

/** Joins with one slash in front of each part and none at the end; empty for nothing. */
function join(...parts: string[]): string {
  return parts
    .flatMap((part) => part.split('/'))
    .filter((segment) => segment !== '')
    .map((segment) => `/${segment}`)
    .join('');
}
