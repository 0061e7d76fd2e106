import { describe, expect, it } from '@jest/globals';
import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { matchEndpoint, routedUrl } from '../../src/http/endpoint.js';
import type { Endpoint } from '../../src/http/endpoint.js';
import { endpointPaths } from '../../src/http/endpoint-paths.js';
import type { ControllerRoute, PathConfig } from '../../src/http/endpoint-paths.js';

function endpoint(...paths: string[]): Endpoint {
  const settings = {
    path: 'files',
    extensions: [],
    checksums: [],
    downloads: false,
    maxMetadataBytes: 1,
    maxPartials: 1,
    bodyIdleTimeout: 0,
  };
  return { paths, settings, caseSensitive: true, rank: 0, hiddenContentType: undefined };
}

describe('a request target', () => {
  it.each([
    ['/files', 'collection', null, '/files'],
    ['/files/', 'collection', null, '/files'],
    ['/files/?a=1', 'collection', null, '/files?a=1'],
    ['/files/a', 'upload', 'a', '/files/a'],
    ['/files/%61/?a', 'upload', 'a', '/files/a?a'],
    ['http://h/files/a', 'upload', 'a', '/files/a'],
    ['/files/%zz?a', 'upload', null, '/files/_?a'],
    ['/files/a/b', 'below', null, '/files/a/b'],
    ['/files//', 'below', null, '/files//'],
    ['/files/a//', 'below', null, '/files/a//'],
    ['/files//a', 'below', null, '/files//a'],
    ['/%66iles/a', 'upload', 'a', '/files/a'],
    ['/f%69les?a', 'collection', null, '/files?a'],
    ['ftp://h/files/a', 'upload', 'a', '/files/a'],
  ])('%s is the %s with the id %s, and is routed as %s (CORE-26, trap 17)', (url, target, id, routed) => {
    const match = matchEndpoint(endpoint('/files'), url);
    expect(match).toEqual({ base: '/files', target, id });
    expect(match && routedUrl(match, url)).toBe(routed);
  });

  it.each([
    '/',
    '*',
    '/filesystem',
    '/other/files',
    '/Files',
    '/%46iles',
    '/%2566iles',
    '/files%2Fa',
    '//files',
  ])('%s is not ours', (url) => {
    expect(matchEndpoint(endpoint('/files'), url)).toBeUndefined();
  });

  it.each(['/FILES/Id', '/f%49les/Id', '/fileS/%49d/'])(
    '%s is ours where the router does not look at the case, and keeps its id',
    (url) => {
      const match = matchEndpoint({ ...endpoint('/Files'), caseSensitive: false }, url);
      expect(match).toEqual({ base: '/Files', target: 'upload', id: 'Id' });
      expect(match && routedUrl(match, url)).toBe('/Files/Id');
    },
  );

  it('may be below the root', () => {
    expect(matchEndpoint(endpoint('/'), '/a')).toEqual({ base: '/', target: 'upload', id: 'a' });
    expect(routedUrl({ base: '/', target: 'upload', id: 'a' }, '/a/')).toBe('/a');
  });

  it('belongs to the longer of two paths', () => {
    for (const paths of [
      ['/files', '/files/more'],
      ['/files/more', '/files'],
    ]) {
      const match = matchEndpoint(endpoint(...paths), '/files/more/a');
      expect(match).toEqual({ base: '/files/more', target: 'upload', id: 'a' });
    }
  });

  it('may be below any path of the endpoint', () => {
    expect(matchEndpoint(endpoint('/v1/files', '/v2/files'), '/v2/files/a')).toMatchObject({
      base: '/v2/files',
    });
  });
});

describe('the paths of an endpoint', () => {
  const route: ControllerRoute = { path: '/files/' };
  const config = (over: Partial<Record<'prefix' | 'exclude' | 'versioning', unknown>> = {}): PathConfig =>
    ({
      getGlobalPrefix: () => over.prefix ?? '',
      getGlobalPrefixOptions: () => ({ exclude: over.exclude }),
      getVersioning: () => over.versioning,
    }) as PathConfig;
  const uri = { type: VersioningType.URI };
  const exclusion = (pathRegex: RegExp, requestMethod = RequestMethod.ALL) => ({ pathRegex, requestMethod });

  it.each([
    ['nothing added', config(), ['/files']],
    ['a prefix', config({ prefix: 'api/x' }), ['/api/x/files']],
    [
      'versioning by header',
      config({ versioning: { type: VersioningType.HEADER, header: 'V' } }),
      ['/files'],
    ],
    ['versioning without a version', config({ versioning: uri }), ['/files']],
    ['a default version', config({ versioning: { ...uri, defaultVersion: '3' } }), ['/v3/files']],
  ])('with %s (trap 16)', (_, application, paths) => {
    expect(endpointPaths(route, application)).toEqual(paths);
  });

  it('are one for each version, and one without for the neutral one (trap 16)', () => {
    const versions: ControllerRoute = { ...route, version: ['1', VERSION_NEUTRAL] };
    const application = config({ prefix: '/api', versioning: { ...uri, prefix: false } });
    expect(endpointPaths(versions, application)).toEqual(['/api/1/files', '/api/files']);
  });

  it('have the path of the module between version and controller', () => {
    const inModule: ControllerRoute = { path: '', modulePath: 'media', version: '1' };
    expect(endpointPaths(inModule, config({ prefix: 'api', versioning: uri }))).toEqual(['/api/v1/media']);
  });

  it('lack the prefix where all of the endpoint is excluded from it', () => {
    const exclude = [exclusion(/^\/files(\/.*)?$/)];
    expect(endpointPaths(route, config({ prefix: 'api', exclude }))).toEqual(['/files']);
  });

  it('keep the prefix where one method is excluded, as Nest does', () => {
    const exclude = [exclusion(/^\/files$/, RequestMethod.POST)];
    expect(endpointPaths(route, config({ prefix: 'api', exclude }))).toEqual(['/api/files']);
  });

  it('must not be split by an exclusion', () => {
    const exclude = [exclusion(/^\/files$/)];
    expect(() => endpointPaths(route, config({ prefix: 'api', exclude }))).toThrow("exclude 'files{/*path}'");
  });
});
