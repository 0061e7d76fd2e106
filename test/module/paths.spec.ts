import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, VersioningType } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { LocalStorage, TusController, TusModule } from '../../src/index.js';
import type { TusModuleOptions } from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';
import type { ModuleAppOptions } from './module-app.js';

@Controller({ version: '2' })
class VersionedUploads extends TusController {}

describe.each(PLATFORMS)('the path of the uploads on platform-%s', (platform) => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  async function start(
    configure: (app: INestApplication) => unknown,
    {
      tus: given,
      imports = [],
    }: { tus?: Partial<TusModuleOptions>; imports?: ModuleAppOptions['imports'] } = {},
  ): Promise<string> {
    const storage = new LocalStorage({ directory: await apps.folder() });
    const { origin } = await apps.start(platform, {
      imports: [TusModule.forRoot({ storage, ...given }), ...imports],
      configure,
    });
    return origin;
  }

  /** Two partials, a final of them by the URLs that the server gave, and all of it below the path. */
  async function uploadsAt(origin: string, path: string): Promise<void> {
    const endpoint = `${origin}${path}`;
    const urls = [];
    for (const half of ['hel', 'lo']) {
      const url = await create(endpoint, {
        'upload-length': String(half.length),
        'upload-concat': 'partial',
      });
      expect(new URL(url).pathname).toMatch(new RegExp(`^${path}/[\\w-]+$`));
      expect((await patch(url, 0, half)).status).toBe(204);
      urls.push(url);
    }
    for (const list of [urls, urls.map((url) => new URL(url).pathname)]) {
      const final = await create(endpoint, { 'upload-concat': `final;${list.join(' ')}` });
      expect(new URL(final).pathname).toMatch(new RegExp(`^${path}/`));
      expect((await head(final)).headers['upload-offset']).toBe('5');
    }
  }

  async function expectNothingAt(origin: string, path: string): Promise<void> {
    const answer = await call({
      method: 'POST',
      url: `${origin}${path}`,
      headers: tus({ 'upload-length': '1' }),
    });
    expect(answer.status).toBe(404);
  }

  it('stands below the global prefix (trap 16)', async () => {
    const origin = await start((app) => app.setGlobalPrefix('api/v0'));
    await uploadsAt(origin, '/api/v0/files');
    await expectNothingAt(origin, '/files');
  });

  it('stands outside of the prefix that it is excluded from (trap 16)', async () => {
    const origin = await start((app) => app.setGlobalPrefix('api', { exclude: ['files{/*path}'] }));
    await uploadsAt(origin, '/files');
    await expectNothingAt(origin, '/api/files');
  });

  it('does not start where only a part of it is excluded from the prefix', async () => {
    const started = start((app) => app.setGlobalPrefix('api', { exclude: ['files'] }));
    await expect(started).rejects.toThrow("exclude 'files{/*path}'");
  });

  it('carries the default version where there is one', async () => {
    const origin = await start((app) => {
      app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    });
    await uploadsAt(origin, '/api/v1/files');
    await expectNothingAt(origin, '/api/files');
  });

  it('carries no version where there is no default', async () => {
    const origin = await start((app) => app.enableVersioning({ type: VersioningType.URI }));
    await uploadsAt(origin, '/files');
  });

  it('carries the version of its own controller', async () => {
    const origin = await start(
      (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1', prefix: 'r' }),
      { tus: { controller: VersionedUploads } },
    );
    await uploadsAt(origin, '/r2/files');
    await expectNothingAt(origin, '/r1/files');
  });

  it('stays the same with versions in a header, which clients have to send', async () => {
    const origin = await start((app) =>
      app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }),
    );
    const url = await create(`${origin}/files`, { 'upload-length': '5', 'x-version': '1' });
    expect((await patch(url, 0, 'hello', { 'x-version': '1' })).headers['upload-offset']).toBe('5');
    await expectNothingAt(origin, '/files');
  });

  it('stands below what RouterModule gives to the module', async () => {
    const origin = await start((app) => app.setGlobalPrefix('api'), {
      imports: [RouterModule.register([{ path: 'admin', children: [{ path: 'media', module: TusModule }] }])],
    });
    await uploadsAt(origin, '/api/admin/media/files');
    await expectNothingAt(origin, '/api/files');
  });

  it('may be the root of the application', async () => {
    const origin = await start(() => undefined, { tus: { path: '/' } });
    const url = await create(`${origin}/`, { 'upload-length': '5' });
    expect((await patch(url, 0, 'hello')).status).toBe(204);
  });
});
