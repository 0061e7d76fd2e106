import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UploadService } from '../../src/index.js';
import type { ChecksumAlgorithm, Upload } from '../../src/index.js';
import { send } from '../http/wire.js';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { BYTES, concatenate, content, count, idOf, openRequest } from './support.js';
import { partial, portOf, post, record, remove } from './support.js';

/** What "hello" hashes to. */
const HELLO: Readonly<Record<ChecksumAlgorithm, string>> = {
  sha1: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
  sha256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
  sha512: 'm3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==',
  md5: 'XUFAKrxLKna5cZ2REBfFkg==',
  crc32: 'NhCmhg==',
};
const ALL = Object.keys(HELLO) as ChecksumAlgorithm[];
const NEW = { 'upload-length': '10' };
const MIB = 1024 * 1024;

function sha1(bytes: string): { readonly 'upload-checksum': string } {
  return { 'upload-checksum': `sha1 ${createHash('sha1').update(bytes).digest('base64')}` };
}

async function offsetOf(url: string): Promise<unknown> {
  return (await head(url)).headers['upload-offset'];
}

overStorages('checksum', 'checksums in the header section', ({ platform, place: newPlace }) => {
  let app: TusApp;
  let place: TestPlace;

  const start = async (module: NonNullable<TusAppOptions['tus']> = {}): Promise<TusApp> =>
    (app = await TusApp.start({ platform, place, tus: module }));

  beforeEach(async () => {
    place = await newPlace();
  });
  afterEach(async () => {
    await app.stop();
    await place.close();
  });

  describe('a PATCH', () => {
    it.each(ALL)('CHK-01 CHK-02 CHK-03 whose %s is right is 204, and counts', async (algorithm) => {
      await start({ checksums: ALL });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const answer = await patch(url, 0, 'hello', { 'upload-checksum': `${algorithm} ${HELLO[algorithm]}` });
      expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      expect(await content(app, url)).toBe('hello');
    });

    it.each(ALL)(
      'CHK-04 whose %s is wrong is 460 Checksum Mismatch; with the right bytes it then succeeds',
      async (algorithm) => {
        await start({ checksums: ALL });
        const url = await create(app.endpoint, NEW);
        const checksum = { 'upload-checksum': `${algorithm} ${HELLO[algorithm]}` };
        const answer = await patch(url, 0, 'hellO', checksum);
        expect(answer).toMatchObject({ status: 460, statusText: 'Checksum Mismatch' });
        expect(answer.headers).not.toHaveProperty('upload-offset');
        expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'CHECKSUM_MISMATCH' });
        expect(answer.body.toString()).not.toContain(HELLO[algorithm]);
        expect(await offsetOf(url)).toBe('0');
        expect((await patch(url, 0, 'hello', checksum)).status).toBe(204);
        expect((await patch(url, 5, 'world')).status).toBe(204);
        expect(await content(app, url)).toBe('helloworld');
      },
    );

    it('CHK-04 whose digest has another length than its algorithm makes is a mismatch', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      for (const digest of ['AAAA', HELLO.sha256]) {
        expect((await patch(url, 0, 'hello', { 'upload-checksum': `sha1 ${digest}` })).status).toBe(460);
      }
      expect(await offsetOf(url)).toBe('0');
    });

    it('CHK-04 a mismatch with the last byte completes nothing, and a length that came with it is forgotten', async () => {
      await start();
      const url = await create(app.endpoint, { 'upload-defer-length': '1' });
      const wrong = await patch(url, 0, 'hello world', { 'upload-length': '11', ...sha1('HELLO WORLD') });
      expect(wrong.status).toBe(460);
      const { headers } = await head(url);
      expect(headers).toMatchObject({ 'upload-offset': '0', 'upload-defer-length': '1' });
      expect(headers).not.toHaveProperty('upload-length');
      // What was discarded was longer than what counts.
      const right = await patch(url, 0, 'hello', { 'upload-length': '5', ...sha1('hello') });
      expect(right).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      expect(await content(app, url)).toBe('hello');
    });

    it('CHK-03 CHK-04 holds for bytes of many blocks', async () => {
      await start();
      const bytes = 'hello world, '.repeat(300_000);
      const url = await create(app.endpoint, { 'upload-length': String(bytes.length) });
      expect((await patch(url, 0, bytes, sha1(`${bytes}!`))).status).toBe(460);
      expect(await offsetOf(url)).toBe('0');
      expect((await patch(url, 0, bytes, sha1(bytes))).status).toBe(204);
      expect(await content(app, url)).toBe(bytes);
    });

    it('CHK-07 is checked by its own bytes, whatever came before', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      await patch(url, 0, 'hello');
      expect((await patch(url, 5, 'world', sha1('helloworld'))).status).toBe(460);
      expect(await offsetOf(url)).toBe('5');
      expect((await patch(url, 5, 'world', sha1('world'))).status).toBe(204);
      expect(await content(app, url)).toBe('helloworld');
    });

    it.each(['SHA1', 'Sha1'])('CHK-02 may call its algorithm %s', async (name) => {
      await start();
      const url = await create(app.endpoint, NEW);
      expect((await patch(url, 0, 'hello', { 'upload-checksum': `${name} ${HELLO.sha1}` })).status).toBe(204);
    });

    it.each([
      '',
      'sha1',
      HELLO.sha1,
      `sha1  ${HELLO.sha1}`,
      `sha1\t${HELLO.sha1}`,
      `sha1:${HELLO.sha1}`,
      `sha1 ${HELLO.sha1} x`,
      'sha1 ****',
      'sha1 AAAAA',
      'sha1 AA=',
      'sha1 qvTGHdzF6KLavt4PO0gs2a6pQ0_=',
      `sha1 ${HELLO.sha1}, sha256 ${HELLO.sha256}`,
    ])('CHK-02 with Upload-Checksum "%s" is 400 before its body is read', async (value) => {
      await start();
      const url = await create(app.endpoint, NEW);
      const headers = {
        ...tus({ ...BYTES, 'upload-offset': '0', 'upload-checksum': value }),
        Expect: '100-continue',
      };
      const path = new URL(url).pathname;
      const refused = await send(portOf(app), { method: 'PATCH', path, headers, body: 'hello' });
      expect(refused).toMatchObject({ status: 400, continued: false });
      expect(refused.body).toContain('INVALID_HEADER');
      expect(await offsetOf(url)).toBe('0');
    });

    it.each(['sha3', 'md5', 'constructor'])(
      'CHK-05 by the algorithm %s, which is not enabled, is 400 before its body is read',
      async (name) => {
        await start();
        const url = await create(app.endpoint, NEW);
        const sent = { ...tus({ ...BYTES, 'upload-offset': '0' }), Expect: '100-continue' };
        const headers = { ...sent, 'upload-checksum': `${name} ${HELLO.md5}` };
        const path = new URL(url).pathname;
        const refused = await send(portOf(app), { method: 'PATCH', path, headers, body: 'hello' });
        expect(refused).toMatchObject({ status: 400, continued: false });
        expect(refused.body).toContain('sha1, sha256');
        expect(await offsetOf(url)).toBe('0');
      },
    );

    it('CHK-05 asks for no checksum of an upload that is not there, or is a final', async () => {
      await start();
      const final = String((await concatenate(app, [await partial(app, 'x')])).headers.location);
      const unknown = { 'upload-checksum': 'sha3 AAAA' };
      expect((await patch(`${app.endpoint}/none`, 0, 'x', unknown)).status).toBe(404);
      expect((await patch(new URL(final, app.endpoint).href, 0, 'x', unknown)).status).toBe(403);
    });

    it('CHK-08 without content is checked like any other', async () => {
      await start();
      const url = await create(app.endpoint, { 'upload-length': '5' });
      expect((await patch(url, 0, '', sha1('hello'))).status).toBe(460);
      expect((await patch(url, 0, '', sha1(''))).status).toBe(204);
      expect((await patch(url, 0, 'hello', sha1('hello'))).status).toBe(204);
      expect((await patch(url, 5, '', sha1('hello'))).status).toBe(460);
      expect((await patch(url, 5, '', sha1(''))).status).toBe(204);
      expect(await content(app, url)).toBe('hello');
    });

    it('CHK-01 OPT-08 means nothing where the extension is off, however wrong it is', async () => {
      await start({ extensions: ['creation', 'creation-with-upload', 'expiration'] });
      const url = await create(app.endpoint, NEW);
      expect((await patch(url, 0, 'hello', sha1('HELLO'))).status).toBe(204);
      expect((await patch(url, 5, 'world', { 'upload-checksum': 'nonsense' })).status).toBe(204);
      expect((await post(app, NEW, 'hello', false)).status).toBe(201);
      expect((await post(app, { ...NEW, ...sha1('HELLO') }, 'hello')).status).toBe(201);
    });
  });

  it.each(['HEAD', 'DELETE'])('CHK-08 on %s a checksum means nothing', async (method) => {
    await start();
    const url = await create(app.endpoint, NEW);
    for (const value of ['nonsense', 'sha3 AAAA', `sha1 ${HELLO.sha1}`].slice(method === 'HEAD' ? 0 : 1)) {
      const { status } = await call({ method, url, headers: tus({ 'upload-checksum': value }) });
      expect(status).toBe(method === 'HEAD' ? 200 : value.startsWith('sha3') ? 204 : 404);
    }
  });

  it('CHK-08 on the POST of a final, or one without content, a checksum means nothing', async () => {
    await start();
    const urls = [await partial(app, 'hello')];
    expect((await concatenate(app, urls, { 'upload-checksum': 'sha3 AAAA' })).status).toBe(201);
    expect((await post(app, { ...NEW, 'upload-checksum': 'nonsense' })).status).toBe(201);
  });

  describe('a POST with content', () => {
    const left = async (): Promise<unknown> => ({
      uploads: await count(app),
      stored: await place.leftovers(),
    });

    it.each([
      ['that is whole', { 'upload-length': '5' }, false],
      ['of a first part', NEW, false],
      ['in chunks', NEW, true],
      ['whose length comes later', { 'upload-defer-length': '1' }, false],
    ])(
      'CHK-06 %s is 460 for a wrong checksum, and leaves no upload and no Location; 201 for a right one',
      async (_, headers, chunked) => {
        await start();
        const wrong = await post(app, { ...headers, ...sha1('HELLO') }, 'hello', chunked);
        expect(wrong).toMatchObject({ status: 460, statusText: 'Checksum Mismatch' });
        expect(wrong.headers).not.toHaveProperty('location');
        expect(await left()).toEqual({ uploads: 0, stored: [] });
        const right = await post(app, { ...headers, ...sha1('hello') }, 'hello', chunked);
        expect(right).toMatchObject({ status: 201, headers: { 'upload-offset': '5' } });
      },
    );

    it.each(['sha3 AAAA', 'nonsense'])(
      'CHK-05 CHK-06 with the checksum "%s" is 400, and makes nothing',
      async (value) => {
        await start();
        const refused = await post(app, { ...NEW, 'upload-checksum': value }, 'hello');
        expect(refused.status).toBe(400);
        expect(refused.headers).not.toHaveProperty('location');
        expect(await left()).toEqual({ uploads: 0, stored: [] });
      },
    );

    it('CHK-09 that is cut counts nothing', async () => {
      await start();
      const cut = openRequest('POST', app.endpoint, {
        ...BYTES,
        ...NEW,
        'content-length': '10',
        ...sha1('helloworld'),
      });
      await cut.send('hello');
      let made: Upload | undefined;
      while (!made) {
        // The rows may be read without the event loop, which the request needs.
        await setImmediate();
        [made] = await app.get<UploadService>(UploadService).list();
      }
      cut.cut();
      const url = `${app.endpoint}/${made.id}`;
      // A writer that comes next waits until the one before has gone.
      expect((await patch(url, 0, '')).status).toBe(204);
      expect(await offsetOf(url)).toBe('0');
    });
  });

  describe('a PATCH with a checksum that does not come to its end', () => {
    const begin = async (url: string, headers: Record<string, string> = {}): Promise<OpenPatch> => {
      const expecting = { ...sha1('helloworld'), ...headers, expect: '100-continue' };
      const open = OpenPatch.begin(url, { offset: 0, contentLength: 10, headers: expecting });
      await open.wanted();
      await open.send('hello');
      return open;
    };

    it('CHK-03 CHK-09 shows the old offset while it runs, and counts once it has matched', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const running = await begin(url);
      // What of another upload is on record is so by a beat that covers both.
      const other = await create(app.endpoint, { 'upload-length': String(10 * MIB) });
      const plain = OpenPatch.begin(other, { offset: 0, contentLength: 10 * MIB });
      await plain.send(Buffer.alloc(9 * MIB));
      while ((await offsetOf(other)) === '0');
      expect(await offsetOf(url)).toBe('0');
      await running.send('world');
      running.end();
      expect(await running.outcome()).toEqual({ status: 204, offset: '10' });
      plain.cut();
    });

    it('CHK-09 CORE-15 counts nothing when the client goes away', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const cut = await begin(url);
      cut.cut();
      expect((await patch(url, 0, '')).status).toBe(204);
      expect(await offsetOf(url)).toBe('0');
      expect((await patch(url, 0, 'HELLOWORLD', sha1('HELLOWORLD'))).status).toBe(204);
      expect(await content(app, url)).toBe('HELLOWORLD');
    });

    it('CHK-09 CORE-21 counts nothing when no byte comes for bodyIdleTimeout', async () => {
      await start({ bodyIdleTimeout: 100 });
      const url = await create(app.endpoint, NEW);
      expect(await (await begin(url)).outcome()).toEqual({ status: 0, offset: undefined });
      expect(await offsetOf(url)).toBe('0');
    });

    it('CHK-09 CORE-19 counts nothing when a newer request takes over', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const stalled = await begin(url);
      expect(await patch(url, 0, 'HELLO')).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      expect(await stalled.outcome()).toEqual({ status: 423, offset: undefined });
      expect((await patch(url, 5, 'WORLD')).status).toBe(204);
      expect(await content(app, url)).toBe('HELLOWORLD');
    });

    it('CHK-09 counts nothing when the server is shut down', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const running = await begin(url);
      await app.stop();
      expect([0, 423]).toContain((await running.outcome()).status);
      await start();
      const again = `${app.endpoint}/${idOf(url)}`;
      expect(await offsetOf(again)).toBe('0');
      expect((await record(app, again))?.state).toBe('open');
    });

    it('CHK-09 is gone with its upload when that is deleted', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const running = await begin(url);
      expect((await remove(url)).status).toBe(204);
      expect((await running.outcome()).status).toBe(404);
    });
  });
});
