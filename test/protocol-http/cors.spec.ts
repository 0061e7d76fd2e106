import { afterEach, describe, expect, it } from '@jest/globals';
import { TUS_CORS, UploadService } from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { options, post, REFUSING, remove } from './support.js';

const ORIGIN = 'https://app.example.com';
const PAGE = { origin: ORIGIN };
const PREFLIGHT = {
  ...PAGE,
  'access-control-request-method': 'PATCH',
  'access-control-request-headers': 'x-any',
};

const EXPOSED =
  'Location, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Concat, Upload-Expires, ' +
  'Upload-Complete, Upload-Limit, Upload-Draft-Interop-Version, Tus-Resumable, Tus-Version, Tus-Extension, ' +
  'Tus-Max-Size, Tus-Checksum-Algorithm, Retry-After, X-Request-ID, ETag, Accept-Ranges, Content-Range, ' +
  'Content-Disposition, Content-Digest, Repr-Digest, Want-Content-Digest, Want-Repr-Digest';
const ALLOWED =
  'Authorization, Content-Type, Content-Disposition, Content-Encoding, Origin, X-Requested-With, X-Request-ID, ' +
  'X-HTTP-Method-Override, Tus-Resumable, Upload-Length, Upload-Defer-Length, Upload-Offset, Upload-Metadata, ' +
  'Upload-Concat, Upload-Checksum, Upload-Expires, Upload-Complete, Upload-Incomplete, Upload-Limit, ' +
  'Upload-Draft-Interop-Version, Content-Digest, Repr-Digest, Want-Content-Digest, Want-Repr-Digest, Range, ' +
  'If-Range, If-Match, If-None-Match, If-Modified-Since';

function listOf(value: unknown): string[] {
  return String(value)
    .split(',')
    .map((entry) => entry.trim())
    .toSorted();
}

function corsOf({ headers }: Answer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

describe.each(PLATFORMS)('CORS on platform-%s', (platform) => {
  let app: TusApp;

  const start = async (
    cors: NonNullable<TusAppOptions['tus']>['cors'],
    more: TusAppOptions = {},
  ): Promise<TusApp> =>
    (app = await TusApp.start({ platform, tus: { cors }, providers: [REFUSING], ...more }));

  afterEach(() => app.stop());

  it.each([
    ['any origin', true, '*', undefined],
    ['named origins', { origin: [ORIGIN, 'https://b.example'] }, ORIGIN, 'Origin'],
    ['a pattern', { origin: /https:\/\/\w+\.example\.com/ }, ORIGIN, 'Origin'],
  ] as const)(
    'CORS-01 CORS-02 with %s every answer can be read by the page, success and error',
    async (_, cors, allowed, vary) => {
      await start(cors);
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const answers = [
        await post(app, { ...PAGE, 'upload-length': '5' }),
        await call({ method: 'HEAD', url, headers: tus(PAGE) }),
        await patch(url, 0, 'he', PAGE),
        await patch(url, 0, 'x', PAGE),
        await patch(url, 0, 'x', { ...PAGE, 'tus-resumable': '9' }),
        await patch(url, 2, 'x', { ...PAGE, 'content-type': 'x/y' }),
        await patch(url, 2, 'too long', PAGE),
        await patch(`${url}x`, 0, 'x', PAGE),
        await call({ method: 'GET', url, headers: tus(PAGE) }),
        ...(await Promise.all(
          [401, 403, 429, 500].map((one) => post(app, { ...PAGE, 'x-refuse': String(one) })),
        )),
        await remove(url, PAGE),
      ];
      const statuses = [201, 200, 204, 409, 412, 415, 413, 404, 405, 401, 403, 429, 500, 204];
      expect(answers.map(({ status }) => status)).toEqual(statuses);
      for (const { headers } of answers) {
        expect(headers['access-control-allow-origin']).toBe(allowed);
        expect(listOf(headers['access-control-expose-headers'])).toEqual(listOf(EXPOSED));
        expect(headers.vary).toBe(vary);
      }
    },
  );

  it('CORS-01 stands on errors of the server too', async () => {
    await start(true);
    app.get<UploadService>(UploadService).create = () => Promise.reject(new Error('broken'));
    const answer = await post(app, { ...PAGE, 'upload-length': '5' });
    expect(answer).toMatchObject({ status: 500, headers: { 'access-control-allow-origin': '*' } });
  });

  it('CORS-03 CORS-04 CORS-05 a preflight is told fixed lists of headers and methods, for a day', async () => {
    await start({ allowedHeaders: ['X-Mine'], exposedHeaders: ['X-Yours'] });
    const { headers } = await options(app.endpoint, PREFLIGHT);
    expect(listOf(headers['access-control-allow-headers'])).toEqual(listOf(`${ALLOWED}, X-Mine`));
    expect(listOf(headers['access-control-allow-methods'])).toEqual(
      listOf('OPTIONS, POST, HEAD, PATCH, DELETE'),
    );
    expect(headers['access-control-max-age']).toBe('86400');
    expect(listOf(headers['access-control-expose-headers'])).toEqual(listOf(`${EXPOSED}, X-Yours`));
  });

  it('CORS-04 CORS-05 only what is enabled is listed, for as long as was configured', async () => {
    await start({ maxAge: 60 }, { tus: { cors: { maxAge: 60 }, extensions: ['creation'] } });
    const { headers } = await options(app.endpoint, PREFLIGHT);
    expect(listOf(headers['access-control-allow-methods'])).toEqual(listOf('OPTIONS, POST, HEAD, PATCH'));
    expect(headers['access-control-max-age']).toBe('60');
  });

  it('CORS-06 credentials are allowed when configured, and then to a named origin', async () => {
    await start({ credentials: true });
    for (const answer of [
      await options(app.endpoint, PREFLIGHT),
      await post(app, { ...PAGE, 'upload-length': '5' }),
    ]) {
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
    }
  });

  it('CORS-06 and not otherwise', async () => {
    await start(true);
    expect((await options(app.endpoint, PREFLIGHT)).headers).not.toHaveProperty(
      'access-control-allow-credentials',
    );
  });

  it.each([
    'https://evil.example',
    `${ORIGIN}.evil.example`,
    'https://evil.example/https://app.example.com',
    'null',
  ])('CORS-07 the origin %s, which may not, is answered as without CORS', async (origin) => {
    await start({ origin: [ORIGIN, /https:\/\/app\.example\.com/] });
    const preflight = await options(app.endpoint, { ...PREFLIGHT, origin });
    const created = await post(app, { origin, 'upload-length': '5' });
    expect([preflight.status, created.status]).toEqual([204, 201]);
    for (const answer of [preflight, created]) {
      expect(corsOf(answer)).toEqual([]);
      expect(answer.headers.vary).toBe('Origin');
    }
  });

  it('CORS-08 the CORS of the application and the discovery of tus go together', async () => {
    await start(false, { configure: (nest) => nest.enableCors({ ...TUS_CORS, origin: ORIGIN }) });
    const preflight = await options(app.endpoint, PREFLIGHT);
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        ...{ 'access-control-allow-origin': ORIGIN, 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' },
        'access-control-max-age': '86400',
      },
    });
    expect(listOf(preflight.headers['access-control-allow-headers'])).toEqual(listOf(ALLOWED));
    expect(preflight.headers['access-control-allow-methods']).toContain('PATCH');
    const created = await post(app, { ...PAGE, 'upload-length': '5' });
    expect(created).toMatchObject({ status: 201, headers: { 'access-control-allow-origin': ORIGIN } });
    expect(listOf(created.headers['access-control-expose-headers'])).toEqual(listOf(EXPOSED));
  });

  it('CORS-08 OPT-09 and an OPTIONS that is no preflight is still the discovery of tus', async () => {
    await start(false, { configure: (nest) => nest.enableCors({ ...TUS_CORS }) });
    for (const url of [app.endpoint, await create(app.endpoint, { 'upload-length': '5' })]) {
      for (const headers of [{}, PAGE]) {
        const answer = await options(url, headers);
        expect(answer).toMatchObject({ status: 204, headers: { 'tus-version': '1.0.0' } });
        expect(answer.headers['tus-extension']).toContain('creation');
      }
    }
  });

  it('CORS-08 without CORS anywhere no origin is let in', async () => {
    await start(false);
    const answer = await post(app, { ...PAGE, 'upload-length': '5' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('CORS-09 a preflight passes guards and the version check with 204, and changes nothing', async () => {
    await start(true);
    const url = await create(app.endpoint, { 'upload-length': '5' });
    const preflight = { ...PREFLIGHT, 'x-refuse': '401', 'tus-resumable': '9' };
    for (const target of [app.endpoint, url, `${url}x`]) {
      const answer = await options(target, preflight);
      expect(answer.status).toBe(204);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
    expect((await options(url, { 'x-refuse': '401' })).status).toBe(401);
    expect((await head(url)).status).toBe(200);
  });

  it('CORS-10 a page is not let into a private network by the module', async () => {
    await start(true);
    const answer = await options(app.endpoint, {
      ...PREFLIGHT,
      'access-control-request-private-network': 'true',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-private-network');
  });
});
