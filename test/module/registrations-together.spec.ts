import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, VersioningType } from '@nestjs/common';
import type { INestApplication, VersioningOptions } from '@nestjs/common';
import { LocalStorage, TusController, TusModule, TusOptionError } from '../../src/index.js';
import type { TusModuleOptions } from '../../src/index.js';
import { call, create, head, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';
import type { ModuleAppOptions } from './module-app.js';

@Controller({ version: '1' })
class First extends TusController {}

@Controller({ version: '2' })
class Second extends TusController {}

@Controller({ host: 'one.example' })
class OneHost extends TusController {}

const ANY = { origin: 'https://any.example' };

describe.each(PLATFORMS)('registrations in one application, on platform-%s', (platform) => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  async function register(options: Partial<TusModuleOptions>) {
    return TusModule.forRoot({ storage: new LocalStorage({ directory: await apps.folder() }), ...options });
  }

  async function start(
    registrations: readonly Partial<TusModuleOptions>[],
    more: Omit<ModuleAppOptions, 'imports'> = {},
  ): Promise<string> {
    const imports = await Promise.all(registrations.map(register));
    return (await apps.start(platform, { ...more, imports })).origin;
  }

  const versioned = (options: VersioningOptions) => ({
    configure: (nest: INestApplication) => nest.enableVersioning(options),
  });

  it('at one path in two versions have CORS and options of their own', async () => {
    const origin = await start(
      [
        { name: 'one', controller: First, cors: true },
        { name: 'two', controller: Second, cors: ANY, maxSize: 7 },
      ],
      versioned({ type: VersioningType.URI }),
    );
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const ask = (version: string, headers: Record<string, string>) =>
      call({ method: 'OPTIONS', url: `${origin}/${version}/files`, headers });
    expect((await ask('v1', preflight)).headers['access-control-allow-origin']).toBe('*');
    expect((await ask('v2', preflight)).headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask('v1', {})).headers).not.toHaveProperty('tus-max-size');
    expect((await ask('v2', {})).headers['tus-max-size']).toBe('7');
  });

  it('at one URL that only a header tells apart do not start with CORS that differs', async () => {
    const versions: VersioningOptions = { type: VersioningType.HEADER, header: 'X-Version' };
    const one = { name: 'one', controller: First };
    const started = start([one, { name: 'two', controller: Second, cors: ANY }], versioned(versions));
    await expect(started).rejects.toThrow('option "path" is \'/files\'; another registration serves it');
  });

  it.each([
    [
      'a name',
      [
        { name: 'a', path: 'one' },
        { name: 'a', path: 'two' },
      ],
      'name',
    ],
    ['no name', [{ path: 'one' }, { path: 'two' }], 'name'],
    ['a path', [{ name: 'a' }, { name: 'b', path: '/files/' }], 'path'],
    [
      'a path and a version',
      [
        { name: 'a', controller: First },
        { name: 'b', controller: First },
      ],
      'path',
    ],
  ])('do not start with %s in common', async (_, registrations, option) => {
    const started = start(registrations);
    await expect(started).rejects.toThrow(TusOptionError);
    await expect(started).rejects.toThrow(`TusModule: option "${option}" is `);
  });

  it('may be the same one, imported in two places', async () => {
    const registration = await register({});
    @Module({ imports: [registration] })
    class Feature {}
    const { origin } = await apps.start(platform, { imports: [registration, Feature] });
    expect(await create(`${origin}/files`, { 'upload-length': '1' })).toContain('/files/');
  });

  describe('one below the other', () => {
    const shallow = { name: 'files', path: 'files' };
    const deep = { name: 'private', path: 'files/private' };

    const expectBoth = async (origin: string): Promise<void> => {
      for (const path of ['files', 'files/private']) {
        const url = await create(`${origin}/${path}`, { 'upload-length': '1' });
        expect((await head(url)).status).toBe(200);
      }
    };

    it('work with the deeper one first', async () => {
      await expectBoth(await start([deep, shallow]));
    });

    it('work in any order, or say which one to import first', async () => {
      const started = start([shallow, deep]);
      if (platform === 'fastify') return expectBoth(await started);
      await expect(started).rejects.toThrow(TusOptionError);
      await expect(started).rejects.toThrow('import the registration of "/files/private" first');
    });

    it('work in any order where the most specific route is taken', async () => {
      await expectBoth(await start([shallow, deep], { nest: { routeResolutionStrategy: 'specificity' } }));
    });

    it('work in any order where none takes the other for an upload', async () => {
      const origin = await start([shallow, { name: 'deeper', path: 'files/very/private' }]);
      const url = await create(`${origin}/files/very/private`, { 'upload-length': '1' });
      expect((await head(url)).status).toBe(200);
    });
  });

  it('keep the host that a controller names', async () => {
    const origin = await start([{ controller: OneHost }]);
    const post = (host: string) =>
      call({ method: 'POST', url: `${origin}/files`, headers: tus({ host, 'upload-length': '1' }) });
    expect((await post('one.example')).status).toBe(201);
    expect((await post('two.example')).status).toBe(404);
  });
});
