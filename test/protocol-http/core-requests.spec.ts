import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadService } from '../../src/index.js';
import { sendRaw } from '../http/wire.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { BYTES, concatenate, count, idOf, made, partial, portOf, post, record, REFUSING } from './support.js';
import { options, remove, sql } from './support.js';

const NEW = { 'upload-length': '5' };

describe.each(PLATFORMS)('requests and their headers, on platform-%s', (platform) => {
  let app: TusApp;
  const failures: unknown[] = [];

  beforeAll(async () => {
    app = await TusApp.start({
      platform,
      providers: [REFUSING],
      nest: { logger: { log() {}, warn() {}, error: (...failure: unknown[]) => failures.push(failure) } },
    });
  });
  afterAll(() => app.stop());

  describe('the version', () => {
    it.each(['none', '0.2.2', '1.0.0, 1.0.0'])(
      'CORE-01 the version %s on POST, PATCH and DELETE is refused with 412, and nothing changes',
      async (version) => {
        const url = await create(app.endpoint, NEW);
        const before = await count(app);
        const headers: Record<string, string> = { ...BYTES, ...NEW, 'upload-offset': '0' };
        if (version !== 'none') headers['tus-resumable'] = version;
        for (const [method, target] of [
          ['POST', app.endpoint],
          ['PATCH', url],
          ['DELETE', url],
        ] as const) {
          const answer = await call({ method, url: target, headers, body: 'hello' });
          expect(answer).toMatchObject({
            status: 412,
            headers: { 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' },
          });
        }
        expect(await count(app)).toBe(before);
        expect((await head(url)).headers['upload-offset']).toBe('0');
      },
    );

    it('CORE-01 may be missing on HEAD, but not be another one', async () => {
      const url = await create(app.endpoint, NEW);
      expect((await call({ method: 'HEAD', url })).status).toBe(200);
      const wrong = await call({ method: 'HEAD', url, headers: { 'tus-resumable': '0.2.2' } });
      expect(wrong).toMatchObject({ status: 412, headers: { 'tus-version': '1.0.0' } });
      expect(wrong.headers).not.toHaveProperty('upload-offset');
    });

    it('CORE-02 stands on every answer, also of guards, routers and Nest itself', async () => {
      const url = await create(app.endpoint, NEW);
      const answers = [
        await post(app, NEW),
        await post(app, {}),
        await head(url),
        await patch(url, 1, 'x'),
        await patch(`${app.endpoint}/none`, 0, 'x'),
        await call({ method: 'PUT', url, headers: tus() }),
        await call({ method: 'GET', url: `${url}/below`, headers: tus() }),
        await post(app, { ...NEW, 'content-type': 'application/json' }, '{"broken"'),
        ...(await Promise.all(['401', '403', '429'].map((status) => post(app, { 'x-refuse': status })))),
        await remove(url),
      ];
      expect(answers.map(({ status }) => status)).toEqual([
        ...[201, 400, 200, 409, 404, 405, 404, 201, 401, 403, 429, 204],
      ]);
      for (const { headers } of answers) expect(headers['tus-resumable']).toBe('1.0.0');
    });

    it('CORE-03 is ignored on OPTIONS', async () => {
      for (const url of [app.endpoint, `${app.endpoint}/any`]) {
        expect((await options(url, { 'tus-resumable': '9.9.9' })).status).toBe(204);
      }
    });

    it('CORE-30 and every other header may come in any case', async () => {
      const { text } = await sendRaw(
        portOf(app),
        'POST /files HTTP/1.1\r\nhost: h\r\ntus-resumable: 1.0.0\r\nUPLOAD-LENGTH: 5\r\nUpload-concat: partial\r\nconnection: close\r\n\r\n',
      );
      expect(text).toMatch(/^HTTP\/1\.1 201 /);
    });
  });

  describe('integers', () => {
    const malformed = [
      '-1',
      '+1',
      '1.0',
      '1e3',
      '0x1',
      '1_0',
      '1 0',
      '0, 0',
      'x',
      '',
      '٣',
      '00000000000000001',
    ];

    it.each(malformed)('CORE-04 CORE-09 %j is no Upload-Offset and no Upload-Length: 400', async (value) => {
      const url = await create(app.endpoint, NEW);
      const before = await count(app);
      const sent = Buffer.from(value).toString('latin1');
      expect((await patch(url, 0, 'x', { 'upload-offset': sent })).status).toBe(400);
      expect((await post(app, { 'upload-length': sent })).status).toBe(400);
      expect((await head(url)).headers['upload-offset']).toBe('0');
      expect(await count(app)).toBe(before);
    });

    it.each(['Upload-Offset: 0\r\nUpload-Offset: 0', 'Upload-Offset: 0\r\nUpload-Offset: 5'])(
      'CORE-04 a repeated field is no number (trap 20): %j',
      async (fields) => {
        const path = new URL(await create(app.endpoint, NEW)).pathname;
        const { text } = await sendRaw(
          portOf(app),
          `PATCH ${path} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nContent-Type: ${BYTES['content-type']}\r\n` +
            `${fields}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
        );
        expect(text).toMatch(/^HTTP\/1\.1 400 /);
      },
    );

    it('CORE-04 a length reaches 2^53 - 1; beyond it Upload-Length is 413 and Upload-Offset 400', async () => {
      const url = await create(app.endpoint, { 'upload-length': '9007199254740991' });
      expect((await head(url)).headers['upload-length']).toBe('9007199254740991');
      for (const beyond of ['9007199254740992', '99999999999999999999']) {
        expect((await post(app, { 'upload-length': beyond })).status).toBe(413);
        expect((await patch(url, 0, 'x', { 'upload-offset': beyond })).status).toBe(400);
      }
      expect((await patch(url, 9_007_199_254_740_991, '')).status).toBe(409);
    });

    it('CORE-04 offsets beyond 2^31 and near 2^53 are told and compared exactly (trap 8)', async () => {
      const url = await create(app.endpoint, { 'upload-length': '9007199254740991' });
      for (const offset of [5_000_000_000, 9_007_199_254_740_989]) {
        await sql(app, 'UPDATE tus_upload SET upload_offset = ? WHERE id = ?', [offset, idOf(url)]);
        expect((await head(url)).headers['upload-offset']).toBe(String(offset));
        expect((await patch(url, offset - 1, 'x')).headers['upload-offset']).toBe(String(offset));
        expect((await patch(url, offset, '')).status).toBe(204);
      }
      expect((await patch(url, 9_007_199_254_740_989, 'xyz')).status).toBe(413);
    });
  });

  describe('HEAD', () => {
    it('CORE-05 tells offset and length at 0, in the middle and at the end, uncached and without a body', async () => {
      const url = await create(app.endpoint, NEW);
      for (const [offset, bytes] of [
        [0, 'he'],
        [2, 'llo'],
        [5, ''],
      ] as const) {
        const answer = await head(url);
        expect(answer).toMatchObject({
          status: 200,
          headers: { 'upload-offset': String(offset), 'upload-length': '5', 'cache-control': 'no-store' },
        });
        for (const absent of ['content-length', 'transfer-encoding', 'etag', 'upload-defer-length']) {
          expect(answer.headers).not.toHaveProperty(absent);
        }
        await patch(url, offset, bytes);
      }
    });

    it('CORE-05 is never answered from a cache: conditions mean nothing (trap 14)', async () => {
      const url = await create(app.endpoint, NEW);
      const conditional = await call({ method: 'HEAD', url, headers: tus({ 'if-none-match': '*' }) });
      expect(conditional.status).toBe(200);
    });

    it.each(['none', '%zz', '..%2f..%2fetc', 'a.b', 'x'.repeat(200), '%00', 'ünï'])(
      'CORE-06 CORE-13 HEAD and PATCH at the id %s, which was never given, are 404 without an offset',
      async (id) => {
        for (const answer of [
          await head(`${app.endpoint}/${id}`),
          await patch(`${app.endpoint}/${id}`, 0, 'x'),
        ]) {
          expect(answer).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
          expect(answer.headers).not.toHaveProperty('upload-offset');
        }
      },
    );

    it('CORE-06 CORE-13 a deleted upload is 404, an expired one that is remembered 410', async () => {
      const [deleted, expired] = [await create(app.endpoint, NEW), await create(app.endpoint, NEW)];
      await remove(deleted);
      await sql(app, `UPDATE tus_upload SET state = 'gone', ending = 'expired' WHERE id = ?`, [
        idOf(expired),
      ]);
      for (const [url, status] of [
        [deleted, 404],
        [expired, 410],
      ] as const) {
        for (const answer of [await head(url), await patch(url, 0, 'x'), await remove(url)]) {
          expect(answer.status).toBe(status);
          expect(answer.headers).not.toHaveProperty('upload-offset');
        }
      }
    });

    it('CORE-06 403 comes from guards only, without an offset', async () => {
      const url = await create(app.endpoint, NEW);
      const answer = await call({ method: 'HEAD', url, headers: tus({ 'x-refuse': '403' }) });
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('upload-offset');
    });

    it('CORE-20 is never a 5xx: a row that cannot be read is 423 with Retry-After, and logged', async () => {
      const url = await create(app.endpoint, NEW);
      const uploads = app.get(UploadService);
      uploads.get = () => Promise.reject(new Error('the database is busy'));
      failures.length = 0;
      try {
        expect(await head(url)).toMatchObject({ status: 423, headers: { 'retry-after': '1' } });
        expect(String(failures)).toContain('the database is busy');
      } finally {
        // The method of the class comes back.
        Reflect.deleteProperty(uploads, 'get');
      }
      expect((await head(url)).status).toBe(200);
    });

    it('CORE-20 CORE-07 neither waits for nor ends the lease of another process', async () => {
      const url = await create(app.endpoint, NEW);
      const lease = `UPDATE tus_upload SET lease_holder = 'other', lease_expires_at = 9e15, epoch = 1 WHERE id = ?`;
      await sql(app, lease, [idOf(url)]);
      expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '0' } });
    });
  });

  describe('methods, paths and ids', () => {
    it.each([
      ['GET', '', 'OPTIONS, POST'],
      ['HEAD', '', 'OPTIONS, POST'],
      ['DELETE', '', 'OPTIONS, POST'],
      ['PATCH', '/', 'OPTIONS, POST'],
      ['GET', '/any', 'OPTIONS, HEAD, PATCH, DELETE, POST'],
      ['PUT', '/any', 'OPTIONS, HEAD, PATCH, DELETE, POST'],
      ['POST', '/any/', 'OPTIONS, HEAD, PATCH, DELETE, POST'],
    ])('CORE-24 %s on E%s is 405 with Allow: %s', async (method, path, allow) => {
      const answer = await call({ method, url: `${app.endpoint}${path}`, headers: tus() });
      expect(answer).toMatchObject({ status: 405, headers: { allow } });
      expect(answer.headers).not.toHaveProperty('upload-offset');
    });

    it('CORE-25 errors have the body of Nest with a stable code, and none on HEAD', async () => {
      const url = `${app.endpoint}/none`;
      const answer = await remove(url);
      expect(JSON.parse(answer.body.toString())).toEqual({
        statusCode: 404,
        error: 'Not Found',
        message: expect.stringMatching(/^There is no upload/),
        code: 'UPLOAD_NOT_FOUND',
      });
      expect((await head(url)).body).toHaveLength(0);
    });

    it('CORE-26 E and E/ are one endpoint, U and U/ one upload, without a redirect', async () => {
      const created = await call({ method: 'POST', url: `${app.endpoint}/`, headers: tus(NEW) });
      expect(created.status).toBe(201);
      expect(created.headers.location).toMatch(/^\/files\/[^/]+$/);
      expect((await options(`${app.endpoint}/`)).status).toBe(204);
      const url = made(app, created);
      expect((await head(`${url}/`)).status).toBe(200);
      expect((await patch(`${url}/`, 0, 'hello')).status).toBe(204);
    });

    it('CORE-27 guards of the application run on every method, before anything is told or done', async () => {
      const url = await partial(app, 'hello');
      const before = await count(app);
      for (const status of [401, 403]) {
        const refused = { 'x-refuse': String(status) };
        const answers = [
          await post(app, { ...NEW, ...refused }),
          await concatenate(app, [url], refused),
          await call({ method: 'HEAD', url, headers: tus(refused) }),
          await patch(url, 5, '', refused),
          await remove(url, refused),
          await options(url, refused),
        ];
        expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
      }
      expect(await count(app)).toBe(before);
      expect((await record(app, url))?.offset).toBe(5);
    });

    it('CORE-28 ids are one safe path segment of at least 128 bits, and never come twice', async () => {
      const urls = await Promise.all(Array.from({ length: 50 }, () => create(app.endpoint, NEW)));
      for (const url of urls) expect(idOf(url)).toMatch(/^[A-Za-z0-9_-]{22,}$/);
      expect(new Set(urls).size).toBe(50);
    });

    it('CORE-29 a 429 or 503 says when to come again, whoever gives it', async () => {
      for (const status of ['429', '503']) {
        expect((await post(app, { 'x-refuse': status })).headers['retry-after']).toBe('1');
        const own = await post(app, { 'x-refuse': status, 'x-wait': '70' });
        expect(own.headers['retry-after']).toBe('70');
      }
      expect((await post(app, { 'x-refuse': '403' })).headers).not.toHaveProperty('retry-after');
    });
  });
});
