import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { concatenate, idOf, made, options, partial, post, remove, sql } from './support.js';

const PAGE = { origin: 'https://app.example.com' };

const get = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call({ method: 'GET', url, headers });
const bareHead = (url: string): Promise<Answer> => call({ method: 'HEAD', url });

/** A value of `Upload-Metadata`. */
function metadata(values: Record<string, string>): Record<string, string> {
  const pairs = Object.entries(values).map(
    ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
  );
  return { 'upload-metadata': pairs.join(',') };
}

overStorages('downloads', 'a download', ({ platform, place: newPlace }) => {
  let app: TusApp;
  let place: TestPlace;

  beforeAll(async () => {
    place = await newPlace();
    app = await TusApp.start({
      platform,
      place,
      tus: { downloads: true, expiration: '24h', cors: true },
    });
  });
  afterAll(async () => {
    await app.stop();
    await place.close();
  });

  /** A complete upload. */
  const stored = async (bytes: string, values: Record<string, string> = {}): Promise<string> =>
    made(
      app,
      await post(
        app,
        { 'upload-length': String(Buffer.byteLength(bytes)), ...metadata(values) },
        bytes === '' ? undefined : bytes,
      ),
    );

  describe('where the option is off,', () => {
    let closed: TusApp;
    beforeAll(async () => (closed = await TusApp.start({ platform, tus: { cors: true } })));
    afterAll(() => closed.stop());

    it('GET-01 CORE-24 is 405 with the methods that there are, and not advertised', async () => {
      const url = await create(closed.endpoint, { 'upload-length': '0' });
      for (const headers of [{}, tus()]) {
        expect(await get(url, headers)).toMatchObject({
          status: 405,
          headers: { allow: 'OPTIONS, HEAD, PATCH, DELETE, POST' },
        });
      }
      const preflight = await options(url, { ...PAGE, 'access-control-request-method': 'GET' });
      expect(preflight.headers['access-control-allow-methods']).not.toContain('GET');
      expect((await bareHead(url)).headers).not.toHaveProperty('content-disposition');
    });
  });

  it('GET-01 needs no Tus-Resumable, but refuses another version', async () => {
    const url = await stored('hello');
    expect(await get(url)).toMatchObject({ status: 200, body: Buffer.from('hello') });
    expect(await get(url, tus())).toMatchObject({ status: 200, body: Buffer.from('hello') });
    expect((await get(url, { 'tus-resumable': '0.2.2' })).status).toBe(412);
  });

  it('GET-01 CORE-24 is among the methods of an upload, and not of the endpoint', async () => {
    const put = await call({ method: 'PUT', url: `${app.endpoint}/any`, headers: tus() });
    expect(put).toMatchObject({ status: 405, headers: { allow: 'OPTIONS, HEAD, PATCH, DELETE, GET, POST' } });
    expect(await get(app.endpoint)).toMatchObject({ status: 405, headers: { allow: 'OPTIONS, POST' } });
  });

  it('GET-01 CORS-01 CORS-04 can be read by a page of another origin', async () => {
    const url = await stored('hello', { filename: 'a.txt' });
    const preflight = await options(url, {
      ...PAGE,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'range,if-range',
    });
    expect(preflight.headers['access-control-allow-methods']).toMatch(/\bGET\b/);
    expect(preflight.headers['access-control-allow-headers']).toMatch(/\bRange, If-Range, If-Match\b/);
    for (const range of ['bytes=1-2', 'bytes=9-']) {
      const { headers } = await get(url, { ...PAGE, range });
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'content-range': expect.any(String),
        'access-control-expose-headers': expect.stringMatching(
          /ETag, Accept-Ranges, Content-Range, Content-Disposition/,
        ),
      });
    }
  });

  it('GET-02 GET-08 is all of a complete upload, with headers that make stored HTML harmless', async () => {
    const url = await stored('<script>', { filename: 'a.html', filetype: 'text/html' });
    const { status, headers, body } = await get(url);
    expect({ status, body: body.toString() }).toEqual({ status: 200, body: '<script>' });
    expect(headers).toMatchObject({
      'content-length': '8',
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename="a.html"',
      etag: expect.stringMatching(/^"[\w-]+"$/),
      'last-modified': expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-cache, no-transform',
    });
    expect(headers).not.toHaveProperty('transfer-encoding');
  });

  it('GET-02 GET-06 of an empty upload is 200 with no bytes, and 416 for any range', async () => {
    const url = await stored('');
    expect(await get(url)).toMatchObject({
      status: 200,
      headers: { 'content-length': '0' },
      body: Buffer.alloc(0),
    });
    expect(await get(url, { range: 'bytes=0-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */0' },
    });
  });

  it('GET-02 GET-07 of a final is the partials in order, with an entity tag', async () => {
    const partials = [await partial(app, 'hello '), await partial(app, 'world')];
    const url = made(app, await concatenate(app, partials));
    const answer = await get(url);
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('hello world') });
    expect((await get(url, { 'if-none-match': String(answer.headers.etag) })).status).toBe(304);
  });

  it('GET-02 is 404 for an incomplete upload, a pending final and a partial: no prefix is given away', async () => {
    const incomplete = await create(app.endpoint, { 'upload-length': '9' });
    await patch(incomplete, 0, 'hello');
    const waiting = await create(app.endpoint, { 'upload-length': '9', 'upload-concat': 'partial' });
    const pending = made(app, await concatenate(app, [waiting]));
    const urls = [incomplete, waiting, pending, await partial(app, 'hello'), `${app.endpoint}/none`];
    for (const url of [...urls, `${app.endpoint}/favicon.ico`]) {
      const answer = await get(url);
      expect(answer).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
      expect(answer.headers).not.toHaveProperty('accept-ranges');
      expect(answer.body.toString()).not.toContain('hello');
    }
  });

  it('GET-02 is 410 for an expired upload, and 404 for a deleted one', async () => {
    const expired = await stored('hello');
    await sql(app, 'UPDATE tus_upload SET expires_at = ? WHERE id = ?', [Date.now() - 1_000, idOf(expired)]);
    expect((await get(expired)).status).toBe(410);
    const deleted = await stored('hello');
    await remove(deleted);
    expect((await get(deleted)).status).toBe(404);
  });

  it('GET-02 is 404, and not 500, where somebody has removed the object', async () => {
    const url = await stored('hello');
    await place.dropObject(idOf(url));
    expect((await get(url)).status).toBe(404);
  });

  it.each([
    ['image/png', 'image/png', 'inline'],
    ['text/plain', 'text/plain', 'inline'],
    ['image/svg+xml', 'image/svg+xml', 'attachment'],
    ['application/pdf', 'application/pdf', 'attachment'],
    ['text/html; charset=utf-8', 'application/octet-stream', 'attachment'],
    ['a\r\nX-Injected: 1', 'application/octet-stream', 'attachment'],
  ])('GET-03 GET-04 of the filetype %j is %s, %s', async (filetype, type, disposition) => {
    const { status, headers } = await get(await stored('hello', { filetype }));
    expect({ status, type: headers['content-type'], disposition: headers['content-disposition'] }).toEqual({
      status: 200,
      type,
      disposition,
    });
  });

  it.each([
    [
      '../../naïve "€".txt',
      `attachment; filename="na_ve _.txt"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt`,
    ],
    ['a\r\nSet-Cookie: x=1', 'attachment; filename="aSet-Cookie: x=1"'],
    ['..', 'attachment'],
  ])('GET-05 of the file name %j has a safe one (trap 35)', async (filename, disposition) => {
    const { status, headers } = await get(await stored('hello', { filename }));
    expect({ status, disposition: headers['content-disposition'] }).toEqual({ status: 200, disposition });
    expect(headers).not.toHaveProperty('set-cookie');
  });

  describe('of a range', () => {
    let url: string;
    beforeAll(async () => (url = await stored('0123456789')));

    it.each([
      ['bytes=2-5', 'bytes 2-5/10', '2345'],
      ['bytes=7-', 'bytes 7-9/10', '789'],
      ['bytes=-4', 'bytes 6-9/10', '6789'],
      ['bytes=5-99', 'bytes 5-9/10', '56789'],
      ['bytes=-99', 'bytes 0-9/10', '0123456789'],
    ])('GET-06 %s is 206, %s', async (range, contentRange, bytes) => {
      const answer = await get(url, { range });
      expect(answer).toMatchObject({
        status: 206,
        headers: { 'content-range': contentRange, 'content-length': String(bytes.length) },
        body: Buffer.from(bytes),
      });
    });

    it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-'])(
      'GET-06 %s is 416 with the length',
      async (range) => {
        expect(await get(url, { range })).toMatchObject({
          status: 416,
          headers: { 'content-range': 'bytes */10', 'cache-control': 'no-store' },
        });
      },
    );

    it.each(['bytes=5-2', 'bytes=x', 'items=0-1', 'bytes=0-1,4-5'])(
      'GET-06 %s is ignored: 200 with all bytes',
      async (range) => {
        const answer = await get(url, { range });
        expect(answer).toMatchObject({ status: 200, body: Buffer.from('0123456789') });
        expect(answer.headers).not.toHaveProperty('content-range');
      },
    );
  });

  describe('with preconditions', () => {
    let url: string;
    let etag: string;
    let modified: string;
    beforeAll(async () => {
      url = await stored('hello');
      const { headers } = await get(url);
      etag = String(headers.etag);
      modified = String(headers['last-modified']);
    });
    const status = async (headers: Record<string, string>) => (await get(url, headers)).status;

    it('GET-07 is 412 where another file is meant', async () => {
      const past = new Date(0).toUTCString();
      expect(await status({ 'if-match': '"other"' })).toBe(412);
      expect(await status({ 'if-unmodified-since': past })).toBe(412);
      expect(await status({ 'if-match': etag, 'if-unmodified-since': past })).toBe(200);
      expect(await status({ 'if-unmodified-since': modified })).toBe(200);
    });

    it('GET-07 is 304 with the tag, and without content, where the client has it', async () => {
      for (const [name, value] of [
        ['if-none-match', `W/${etag}`],
        ['if-modified-since', modified],
      ] as const) {
        const answer = await get(url, { [name]: value, range: 'bytes=0-1' });
        expect(answer).toMatchObject({
          status: 304,
          headers: { etag, 'cache-control': 'private, no-cache, no-transform' },
          body: Buffer.alloc(0),
        });
        expect(answer.headers).not.toHaveProperty('content-length');
        expect(answer.headers).not.toHaveProperty('content-type');
      }
      expect(await status({ 'if-none-match': '"other"', 'if-modified-since': modified })).toBe(200);
    });

    it('GET-07 is all of the file where If-Range means another one', async () => {
      const range = 'bytes=1-2';
      expect(await status({ range, 'if-range': etag })).toBe(206);
      expect(await status({ range, 'if-range': modified })).toBe(206);
      for (const other of ['"other"', `W/${etag}`, new Date(0).toUTCString()]) {
        expect(await get(url, { range, 'if-range': other })).toMatchObject({
          status: 200,
          body: Buffer.from('hello'),
        });
      }
    });
  });

  it('GET-09 leaves HEAD the one of tus: no range, no precondition, never to be stored', async () => {
    const url = await stored('hello');
    const { etag = '' } = (await get(url)).headers;
    for (const marks of [{}, tus()]) {
      const headers = { ...marks, range: 'bytes=1-2', 'if-none-match': etag };
      expect(await call({ method: 'HEAD', url, headers })).toMatchObject({
        status: 200,
        headers: { 'upload-offset': '5', 'upload-length': '5', 'cache-control': 'no-store' },
      });
    }
  });

  it('GET-10 tells of the file on a HEAD without Tus-Resumable, and only there', async () => {
    const url = await stored('hello', { filename: 'a.txt' });
    const { status, headers, body } = await bareHead(url);
    const { date: _, ...got } = (await get(url)).headers;
    expect({ status, body }).toEqual({ status: 200, body: Buffer.alloc(0) });
    expect(headers).toMatchObject({ ...got, 'upload-offset': '5', 'cache-control': 'no-store' });
    for (const name of ['content-length', 'content-disposition', 'accept-ranges', 'etag']) {
      expect((await head(url)).headers).not.toHaveProperty(name);
    }
  });

  it('GET-10 tells nothing of the kind for an upload that cannot be downloaded', async () => {
    const incomplete = await create(app.endpoint, { 'upload-length': '9' });
    for (const url of [incomplete, await partial(app, 'hello')]) {
      const { status, headers } = await bareHead(url);
      expect(status).toBe(200);
      expect(headers).not.toHaveProperty('content-length');
      expect(headers).not.toHaveProperty('accept-ranges');
    }
  });

  it('GET-10 OVR-04 leaves the framing of a HEAD that came as something else', async () => {
    const url = await stored('hello');
    const headers = {
      'x-http-method-override': 'HEAD',
      'content-type': 'application/offset+octet-stream',
    };
    expect(await call({ method: 'POST', url, headers })).toMatchObject({
      status: 200,
      headers: { 'content-length': '0', 'upload-offset': '5' },
    });
  });
});

describe.each(PLATFORMS)('a download of a large file, on platform-%s', (platform) => {
  it('GET-06 reaches beyond 4 GiB (trap 8)', async () => {
    const app = await TusApp.start({ platform, tus: { downloads: true } });
    const length = 5_000_000_005;
    const large = made(app, await post(app, { 'upload-length': '1' }, 'x'));
    const path = join(app.directory, idOf(large));
    // A hole stands in for what a client would take minutes to send.
    await truncate(path, length - 5);
    const file = await open(path, 'a');
    await file.write('hello');
    await file.close();
    const change = 'UPDATE tus_upload SET upload_length = ?, upload_offset = ? WHERE id = ?';
    await sql(app, change, [length, length, idOf(large)]);
    expect(await get(large, { range: `bytes=${length - 5}-` })).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes 5000000000-5000000004/${length}` },
      body: Buffer.from('hello'),
    });
    expect((await bareHead(large)).headers['content-length']).toBe(String(length));
    await app.stop();
  });
});
