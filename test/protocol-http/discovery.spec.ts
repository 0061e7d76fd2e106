import { afterEach, describe, expect, it } from '@jest/globals';
import { LocalStorage, TusModule, TusOptionError } from '../../src/index.js';
import type { ChecksumAlgorithm, TusExtension } from '../../src/index.js';
import { create, head, patch } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { content, count, options, partial, post, remove } from './support.js';

const ALL =
  'creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation,concatenation-unfinished';

describe.each(PLATFORMS)('discovery on platform-%s', (platform) => {
  let app: TusApp;

  const start = async (tus: NonNullable<TusAppOptions['tus']> = {}): Promise<TusApp> =>
    (app = await TusApp.start({ platform, tus }));

  afterEach(() => app.stop());

  it('OPT-01 OPT-02 OPTIONS on E and on U is 204 with version and extensions', async () => {
    await start();
    const url = await create(app.endpoint, { 'upload-length': '5' });
    for (const target of [app.endpoint, `${app.endpoint}/`, url, `${app.endpoint}/none`]) {
      const answer = await options(target);
      expect(answer).toMatchObject({
        status: 204,
        headers: { 'tus-version': '1.0.0', 'tus-resumable': '1.0.0', 'tus-extension': expect.any(String) },
      });
      expect(answer.body).toHaveLength(0);
    }
  });

  it('OPT-03 Tus-Extension lists all that is there, without spaces', async () => {
    await start();
    expect((await options(app.endpoint)).headers['tus-extension']).toBe(ALL);
  });

  it.each([
    [['creation'], 'creation'],
    [['termination', 'creation', 'concatenation'], 'creation,termination,concatenation'],
    [[], undefined],
  ] as [TusExtension[], string | undefined][])(
    'OPT-03 with %j enabled Tus-Extension is %s',
    async (extensions, listed) => {
      await start({ extensions });
      const { headers } = await options(app.endpoint);
      expect(headers['tus-extension']).toBe(listed);
      expect(headers['tus-version']).toBe('1.0.0');
    },
  );

  it.each([
    [undefined, 'sha1,sha256'],
    [['sha512', 'sha1'], 'sha512,sha1'],
    [['crc32', 'md5', 'sha512', 'sha256', 'sha1'], 'crc32,md5,sha512,sha256,sha1'],
  ] as [ChecksumAlgorithm[] | undefined, string][])(
    'OPT-05 CHK-01 with checksums %j Tus-Checksum-Algorithm is %s',
    async (checksums, listed) => {
      await start(checksums && { checksums });
      expect((await options(app.endpoint)).headers['tus-checksum-algorithm']).toBe(listed);
    },
  );

  it.each([[['md5']], [[]], [['sha1', 'sha3']]] as unknown as [ChecksumAlgorithm[]][])(
    'OPT-05 CHK-01 checksums %j do not start',
    async (checksums) => {
      await start();
      const storage = new LocalStorage({ directory: app.directory });
      expect(() => TusModule.forRoot({ storage, checksums })).toThrow('that has sha1');
    },
  );

  it('OPT-05 without the extension no algorithm is named', async () => {
    await start({ extensions: ['creation'] });
    expect((await options(app.endpoint)).headers).not.toHaveProperty('tus-checksum-algorithm');
  });

  it.each([
    [undefined, undefined],
    [1_000_000_000_000, '1000000000000'],
    [0, '0'],
  ])('OPT-04 with a limit of %s bytes Tus-Max-Size is %s', async (maxSize, shown) => {
    await start(maxSize === undefined ? {} : { maxSize });
    expect((await options(app.endpoint)).headers['tus-max-size']).toBe(shown);
  });

  it.each([
    ['creation-with-upload', 'creation'],
    ['creation-defer-length', 'creation'],
    ['concatenation', 'creation'],
    ['checksum-trailer', 'checksum'],
  ] as const)('OPT-07 %s does not start without %s', async (extension, needed) => {
    await start();
    const storage = new LocalStorage({ directory: app.directory });
    const register = () => TusModule.forRoot({ storage, extensions: [extension] });
    expect(register).toThrow(TusOptionError);
    expect(register).toThrow(`add "${needed}"`);
  });

  it('OPT-08 what is not listed is refused, and nothing is half done', async () => {
    await start({ extensions: ['creation'] });
    const length = { 'upload-length': '5' };
    const url = await create(app.endpoint, length);
    expect((await post(app, { 'upload-defer-length': '1' })).status).toBe(400);
    expect((await post(app, { ...length, 'upload-concat': 'partial' })).status).toBe(400);
    expect((await post(app, { 'upload-concat': `final;${url}` })).status).toBe(400);
    expect((await post(app, length, 'hello')).status).toBe(400);
    const removal = await remove(url);
    expect(removal).toMatchObject({ status: 405, headers: { allow: 'OPTIONS, HEAD, PATCH, POST' } });
    expect(await count(app)).toBe(1);
    expect((await head(url)).status).toBe(200);
  });

  it('OPT-08 without creation there is no POST on E', async () => {
    await start({ extensions: ['termination'] });
    expect(await post(app, { 'upload-length': '5' })).toMatchObject({
      status: 405,
      headers: { allow: 'OPTIONS' },
    });
  });

  it('OPT-08 a checksum that is not offered is ignored like any unknown header', async () => {
    await start({ extensions: ['creation'] });
    const url = await create(app.endpoint, { 'upload-length': '5' });
    const wrong = { 'upload-checksum': 'sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=' };
    expect((await patch(url, 0, 'hello', wrong)).status).toBe(204);
    expect(await content(app, url)).toBe('hello');
  });

  it('OPT-08 without termination partials can still be concatenated', async () => {
    await start({ extensions: ['creation', 'creation-with-upload', 'concatenation'] });
    const url = await partial(app, 'hello');
    expect((await post(app, { 'upload-concat': `final;${url}` })).status).toBe(201);
  });

  it('OPT-09 a preflight is told both what tus can and what the page may', async () => {
    await start({ cors: true, maxSize: 7 });
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'PATCH' };
    expect(await options(app.endpoint, preflight)).toMatchObject({
      status: 204,
      headers: {
        ...{ 'tus-version': '1.0.0', 'tus-resumable': '1.0.0', 'tus-extension': ALL, 'tus-max-size': '7' },
        'access-control-allow-origin': '*',
        'access-control-allow-methods': expect.stringContaining('PATCH'),
      },
    });
  });
});
