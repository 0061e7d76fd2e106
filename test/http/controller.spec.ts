import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageFullError } from '../../src/model/errors/storage-full.error.js';
import { UploadGoneError } from '../../src/model/errors/upload-gone.error.js';
import { UploadLockedError } from '../../src/model/errors/upload-locked.error.js';
import { TUS_EXTENSIONS } from '../../src/protocol/tus/extensions.js';
import { PLATFORMS, startApp } from './app.js';
import type { RunningApp } from './app.js';
import { BYTES, create, send, TUS } from './wire.js';

describe.each(PLATFORMS)('the endpoint on %s', (platform) => {
  let running: RunningApp;
  let port: number;

  beforeAll(async () => {
    running = await startApp(platform, { settings: { maxSize: 1000 } });
    ({ port } = running);
  });

  afterAll(() => running.close());

  const patch = (path: string, offset: number, body: string, headers = {}) =>
    send(port, {
      method: 'PATCH',
      path,
      headers: { ...TUS, ...BYTES, 'Upload-Offset': String(offset), ...headers },
      body,
    });
  const head = (path: string) => send(port, { method: 'HEAD', path, headers: TUS });
  const idOf = (path: string) => path.split('/').at(-1) ?? '';

  describe('creation', () => {
    it('answers 201 with Location and Upload-Offset (CRE-01, CRE-05, CORE-02)', async () => {
      const reply = await send(port, { method: 'POST', headers: { ...TUS, 'Upload-Length': '5' } });
      expect(reply.status).toBe(201);
      expect(reply.headers).toMatchObject({
        location: expect.stringMatching(/^\/files\/u\d+$/),
        'upload-offset': '0',
        'tus-resumable': '1.0.0',
        'cache-control': 'no-store',
      });
      expect(reply.headers).not.toHaveProperty('etag');
    });

    it('takes E/ for E and leaves the query out of Location (CORE-26)', async () => {
      expect(await create(port, { 'Upload-Length': '5' }, '/files/?a=/b/')).toMatch(/^\/files\/u\d+$/);
    });

    it('stores content that comes with it, chunked or not (CRE-20, trap 3)', async () => {
      for (const chunked of [false, true]) {
        const headers = { ...TUS, ...BYTES, 'Upload-Length': '5' };
        const reply = await send(port, { method: 'POST', headers, body: 'hello', chunked });
        expect(reply).toMatchObject({ status: 201, headers: { 'upload-offset': '5' } });
        expect(running.uploads.bytesOf(idOf(reply.headers.location ?? ''))).toBe('hello');
      }
    });

    it.each([
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      'nonsense',
      undefined,
    ])('takes content of type %s for none (CRE-21)', async (type) => {
      for (const chunked of [false, true]) {
        const headers = { ...TUS, 'Upload-Length': '5', ...(type && { 'Content-Type': type }) };
        const reply = await send(port, { method: 'POST', headers, body: '{"a"', chunked });
        expect(reply).toMatchObject({ status: 201, headers: { 'upload-offset': '0' } });
      }
    });

    it('takes more than a body parser would (trap 7)', async () => {
      const body = Buffer.alloc(3 * 1024 * 1024, 'x');
      const headers = { ...TUS, ...BYTES, 'Upload-Length': String(body.length) };
      const reply = await send(port, { method: 'POST', headers, body });
      expect(reply.headers['upload-offset']).toBe(String(body.length));
    });

    it('echoes metadata on HEAD as it came (CRE-11)', async () => {
      const path = await create(port, { 'Upload-Length': '1', 'Upload-Metadata': 'b QQ, a ' });
      expect((await head(path)).headers['upload-metadata']).toBe('b QQ, a');
    });

    it.each([
      ['no length (CRE-02)', {}, 400],
      ['bad metadata (CRE-10)', { 'Upload-Length': '1', 'Upload-Metadata': 'a !' }, 400],
      ['a length beyond 2^53 - 1 (CORE-04)', { 'Upload-Length': '9007199254740993' }, 413],
    ])('with %s is refused, without a Location and an upload (CRE-07)', async (_, headers, status) => {
      const { size } = running.uploads;
      const reply = await send(port, { method: 'POST', headers: { ...TUS, ...headers } });
      expect(reply.status).toBe(status);
      expect(reply.headers).not.toHaveProperty('location');
      expect(running.uploads.size).toBe(size);
    });

    it('takes a length header that comes twice for malformed (trap 20)', async () => {
      const reply = await send(port, { method: 'POST', headers: { ...TUS, 'Upload-Length': ['5', '5'] } });
      expect(reply.status).toBe(400);
    });
  });

  describe('PATCH', () => {
    it('answers 204 with the new offset and nothing else (CORE-11, CORE-12)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const reply = await patch(path, 0, 'hel');
      expect(reply).toMatchObject({ status: 204, body: '', headers: { 'upload-offset': '3' } });
      expect(reply.headers).not.toHaveProperty('content-length');
      expect((await patch(path, 3, 'lo')).headers['upload-offset']).toBe('5');
      expect(running.uploads.bytesOf(idOf(path))).toBe('hello');
    });

    it('takes a chunked body, an empty one and a deferred length (CORE-14, CRE-14)', async () => {
      const path = await create(port, { 'Upload-Defer-Length': '1' });
      const headers = { ...TUS, ...BYTES, 'Upload-Offset': '0' };
      expect((await send(port, { method: 'PATCH', path, headers, body: 'hey', chunked: true })).status).toBe(
        204,
      );
      expect((await head(path)).headers['upload-defer-length']).toBe('1');
      expect((await patch(path, 3, '', { 'Upload-Length': '3' })).status).toBe(204);
      expect((await head(path)).headers).toMatchObject({ 'upload-length': '3', 'upload-offset': '3' });
    });

    it('is served at U/ and with an encoded id as well (CORE-26, trap 17)', async () => {
      const path = await create(port, { 'Upload-Length': '2' });
      expect((await patch(`${path}/?x=1`, 0, 'a')).status).toBe(204);
      expect((await patch(path.replace('/u', '/%75'), 1, 'b')).status).toBe(204);
    });

    it('at another offset answers 409 with the right one (CORE-10)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const reply = await patch(path, 3, 'x');
      expect(reply).toMatchObject({
        status: 409,
        headers: { 'upload-offset': '0', 'tus-resumable': '1.0.0' },
      });
    });

    it('beyond the length answers 413 (CORE-16)', async () => {
      const path = await create(port, { 'Upload-Length': '1' });
      expect((await patch(path, 0, 'xx')).status).toBe(413);
    });

    it('with another media type answers 415, with bad headers 400 (CORE-08, CORE-09)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const json = await patch(path, 0, '{}', { 'Content-Type': 'application/json' });
      expect(json.status).toBe(415);
      expect(json.headers).not.toHaveProperty('upload-offset');
      expect((await patch(path, 0, 'x', { 'Upload-Offset': '0, 0' })).status).toBe(400);
    });

    it('on an unknown upload answers 404 whatever its headers (CORE-13, order of checks)', async () => {
      const reply = await send(port, { method: 'PATCH', path: '/files/none', headers: TUS, body: 'x' });
      expect(reply.status).toBe(404);
    });

    it('passes on headers and status of what the uploads refuse (CORE-19, CORE-23)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      running.uploads.nextFailure = new UploadLockedError();
      expect(await patch(path, 0, 'x')).toMatchObject({ status: 423, headers: { 'retry-after': '1' } });
      running.uploads.nextFailure = new StorageFullError();
      expect((await patch(path, 0, 'x')).status).toBe(507);
    });
  });

  describe('HEAD', () => {
    it('answers 200 without a length and a body (CORE-05, trap 14)', async () => {
      const reply = await head(await create(port, { 'Upload-Length': '5' }));
      expect(reply).toMatchObject({
        status: 200,
        headers: { 'upload-offset': '0', 'upload-length': '5', 'cache-control': 'no-store' },
      });
      for (const name of ['content-length', 'transfer-encoding', 'etag']) {
        expect(reply.headers).not.toHaveProperty(name);
      }
    });

    it('needs no version, yet refuses a wrong one (CORE-01)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      expect((await send(port, { method: 'HEAD', path })).status).toBe(200);
      const wrong = await send(port, { method: 'HEAD', path, headers: { 'Tus-Resumable': '0.2.2' } });
      expect(wrong).toMatchObject({ status: 412, headers: { 'tus-version': '1.0.0' } });
    });

    it.each(['none', '..%2f..', '%zz', 'a.b', 'x'.repeat(129), '%00'])(
      'answers 404 without an offset for the id %s (CORE-06)',
      async (id) => {
        const reply = await head(`/files/${id}`);
        expect(reply).toMatchObject({
          status: 404,
          headers: { 'cache-control': 'no-store', 'tus-resumable': '1.0.0' },
        });
        expect(reply.headers).not.toHaveProperty('upload-offset');
      },
    );

    it('answers 410 for what is gone (CORE-06)', async () => {
      running.uploads.nextFailure = new UploadGoneError();
      expect((await head('/files/u1')).status).toBe(410);
    });
  });

  describe('DELETE', () => {
    it('answers 204 once, then 404 (TER-01 to TER-03)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const remove = () => send(port, { method: 'DELETE', path, headers: TUS });
      expect(await remove()).toMatchObject({ status: 204, body: '' });
      expect((await remove()).status).toBe(404);
    });

    it('does not mind a body or its type (trap 33)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const headers = { ...TUS, 'Content-Type': 'application/json' };
      expect((await send(port, { method: 'DELETE', path, headers, body: '' })).status).toBe(204);
    });
  });

  describe('OPTIONS', () => {
    it.each(['/files', '/files/', '/files/u1', '/files/u1/'])(
      'tells what the server can at %s (OPT-01)',
      async (path) => {
        const reply = await send(port, { method: 'OPTIONS', path, headers: { 'Tus-Resumable': '9' } });
        expect(reply).toMatchObject({
          status: 204,
          headers: {
            'tus-resumable': '1.0.0',
            'tus-version': '1.0.0',
            'tus-extension': TUS_EXTENSIONS.join(','),
            'tus-max-size': '1000',
          },
        });
      },
    );
  });

  describe('what has no meaning', () => {
    it.each([
      ['GET', '/files', 'OPTIONS, POST'],
      ['HEAD', '/files', 'OPTIONS, POST'],
      ['PUT', '/files/', 'OPTIONS, POST'],
      ['GET', '/files/u1', 'OPTIONS, HEAD, PATCH, DELETE, POST'],
      ['POST', '/files/u1', 'OPTIONS, HEAD, PATCH, DELETE, POST'],
    ])('%s %s answers 405 with Allow (CORE-24, OVR-02)', async (method, path, allow) => {
      expect(await send(port, { method, path, headers: TUS })).toMatchObject({
        status: 405,
        headers: { allow },
      });
    });

    it.each(['POST /files', 'PATCH /files/u1', 'DELETE /files/u1'])(
      '%s without a version answers 412 (CORE-01)',
      async (line) => {
        const [method = '', path = ''] = line.split(' ');
        const headers = { 'Upload-Length': '1' };
        const reply = await send(port, { method, path, headers, body: 'x' });
        expect(reply).toMatchObject({
          status: 412,
          headers: { 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' },
        });
      },
    );

    it('below an upload is the 404 of the application, with the header of tus (CORE-02)', async () => {
      const reply = await send(port, { method: 'GET', path: '/files/u1/more' });
      expect(reply).toMatchObject({ status: 404, headers: { 'tus-resumable': '1.0.0' } });
    });

    it('outside of the endpoint knows nothing of tus', async () => {
      for (const path of ['/other', '/filesystem', '/']) {
        expect((await send(port, { method: 'GET', path })).headers).not.toHaveProperty('tus-resumable');
      }
    });
  });

  describe('the method override', () => {
    const override = (path: string, meant: string, more: object = {}, method = 'POST') =>
      send(port, { method, path, headers: { ...TUS, 'X-HTTP-Method-Override': meant }, ...more });

    it('makes a PATCH of a POST (OVR-01, OVR-02)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      const headers = { ...TUS, ...BYTES, 'Upload-Offset': '0', 'X-HTTP-Method-Override': 'patch' };
      expect((await send(port, { method: 'POST', path, headers, body: 'hello' })).status).toBe(204);
      expect(running.uploads.bytesOf(idOf(path))).toBe('hello');
    });

    it.each(['POST', 'GET', 'PUT'])('makes a HEAD of a %s, framed for it (OVR-04)', async (method) => {
      const path = await create(port, { 'Upload-Length': '5' });
      expect(await override(path, 'HEAD', {}, method)).toMatchObject({
        status: 200,
        body: '',
        headers: { 'content-length': '0', 'upload-offset': '0' },
      });
    });

    it('makes a HEAD on nothing that the client can read to its end (OVR-04)', async () => {
      const reply = await override('/files/none', 'HEAD');
      expect(reply.status).toBe(404);
      expect(Number(reply.headers['content-length'])).toBe(reply.body.length);
    });

    it('makes a DELETE of a POST (OVR-01)', async () => {
      const path = await create(port, { 'Upload-Length': '5' });
      expect((await override(path, 'DELETE')).status).toBe(204);
    });

    it('refuses any other value with 400, on every method (OVR-01)', async () => {
      for (const method of ['POST', 'PATCH', 'GET']) {
        const reply = await override('/files/u1', 'PUT', {}, method);
        expect(reply).toMatchObject({
          status: 400,
          body: expect.stringContaining('INVALID_METHOD_OVERRIDE'),
        });
      }
    });

    it('means nothing on OPTIONS (OVR-01)', async () => {
      expect((await override('/files', 'PUT', {}, 'OPTIONS')).status).toBe(204);
    });
  });

  describe('errors', () => {
    it('have the body of Nest and a stable code (CORE-25)', async () => {
      const reply = await send(port, { method: 'DELETE', path: '/files/none', headers: TUS });
      expect(JSON.parse(reply.body)).toEqual({
        statusCode: 404,
        error: 'Not Found',
        message: 'There is no upload at this URL; create a new one.',
        code: 'UPLOAD_NOT_FOUND',
      });
    });

    it('of the server are 500 and tell nothing (CORE-25)', async () => {
      running.uploads.nextFailure = new Error('a secret');
      const reply = await send(port, { method: 'DELETE', path: '/files/u1', headers: TUS });
      expect(reply.status).toBe(500);
      expect(reply.body).not.toContain('secret');
    });
  });
});
