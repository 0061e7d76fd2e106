import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadService } from '../../src/index.js';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { BYTES, content, count, idOf, made, openRequest, post, record, REFUSING } from './support.js';

const MAX = 1000;

describe.each(PLATFORMS)('creation on platform-%s', (platform) => {
  let app: TusApp;
  const completed: string[] = [];

  beforeAll(async () => {
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    app = await TusApp.start({ platform, tus: { maxSize: MAX }, providers: [journal, REFUSING] });
  });
  afterAll(() => app.stop());

  describe('of an upload of known length', () => {
    it('CRE-01 CRE-05 CRE-06 is 201 with Location and Upload-Offset, and the URL works at once', async () => {
      const answer = await post(app, { 'upload-length': '5' });
      expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': '0' } });
      expect(answer.headers.location).toMatch(/^\/files\/[A-Za-z0-9_-]+$/);
      const url = made(app, answer);
      expect(await head(url)).toMatchObject({
        status: 200,
        headers: { 'upload-offset': '0', 'upload-length': '5' },
      });
      expect((await patch(url, 0, 'hello')).status).toBe(204);
    });

    it('CRE-01 names the path that the client used, with a prefix, and never a host', async () => {
      const prefixed = await TusApp.start({
        platform,
        configure: (nest) => void nest.setGlobalPrefix('api'),
      });
      try {
        const answer = await call({
          ...{ method: 'POST', url: `${prefixed.origin}/api/files?x=1` },
          headers: tus({ 'upload-length': '5', 'x-forwarded-host': 'evil.example', host: 'evil.example' }),
        });
        expect(answer.headers.location).toMatch(/^\/api\/files\/[^/?]+$/);
        expect((await head(`${prefixed.origin}${answer.headers.location}`)).status).toBe(200);
      } finally {
        await prefixed.stop();
      }
    });

    it('CRE-04 of zero bytes is complete in its POST', async () => {
      const url = made(app, await post(app, { 'upload-length': '0' }));
      expect(await head(url)).toMatchObject({ headers: { 'upload-offset': '0', 'upload-length': '0' } });
      expect((await record(app, url))?.state).toBe('complete');
      expect(await content(app, url)).toBe('');
      expect(completed.filter((id) => id === idOf(url))).toHaveLength(1);
    });

    it.each([
      ['neither length', {}],
      ['both lengths', { 'upload-length': '5', 'upload-defer-length': '1' }],
    ])('CRE-02 with %s is refused with 400', async (_, headers) => {
      await refused(400, headers as Record<string, string>);
    });

    it.each(['0', '2', '', 'true', '1, 1', '01'])(
      'CRE-03 with Upload-Defer-Length: "%s" is refused with 400',
      async (value) => {
        await refused(400, { 'upload-defer-length': value });
      },
    );

    it('CRE-08 beyond the maximum is refused with 413, at it not', async () => {
      await refused(413, { 'upload-length': String(MAX + 1) });
      expect((await post(app, { 'upload-length': String(MAX) })).status).toBe(201);
    });

    it.each(['401', '403', '413', '415', '422', '429', '500', '503'])(
      'CRE-07 that a guard refuses with %s has no Location',
      async (status) => {
        await refused(Number(status), { 'upload-length': '5', 'x-refuse': status });
      },
    );
  });

  /** A creation that is refused, and leaves nothing behind. */
  async function refused(status: number, headers: Record<string, string>, body?: string, chunked = false) {
    const before = await count(app);
    const answer = await post(app, headers, body, chunked);
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.headers).not.toHaveProperty('upload-offset');
    expect(await count(app)).toBe(before);
  }

  describe('with metadata', () => {
    it.each([
      'filename d29ybGQ=,is_private',
      'z QQ==,a Qg==,m ',
      'empty ',
      'bare',
      'unpadded QQ',
      'bytes /////w==',
      '__proto__ QQ==,constructor QQ==',
      'a QQ==,\tb QQ== , c QQ==',
    ])('CRE-11 CRE-12 "%s" comes back byte for byte', async (metadata) => {
      const url = await create(app.endpoint, { 'upload-length': '5', 'upload-metadata': metadata });
      for (const bytes of ['', 'hello']) {
        await patch(url, 0, bytes);
        const { headers } = await head(url);
        // The ends of a header value are never part of it.
        expect(String(headers['upload-metadata']).trim()).toBe(metadata.trim());
      }
    });

    it('CRE-10 an empty header is none', async () => {
      const url = await create(app.endpoint, { 'upload-length': '5', 'upload-metadata': '' });
      expect((await head(url)).headers).not.toHaveProperty('upload-metadata');
    });

    it('CRE-11 without metadata there is no header', async () => {
      const url = await create(app.endpoint, { 'upload-length': '5' });
      expect((await head(url)).headers).not.toHaveProperty('upload-metadata');
    });

    it.each([
      ['two spaces in a pair', 'a  QQ=='],
      ['a key with a space', 'my file QQ=='],
      ['an empty pair', 'a QQ==,,b QQ=='],
      ['a key twice', 'a QQ==,a Qg=='],
      ['no base64', 'a Q!=='],
      ['the other alphabet', 'a __8='],
      ['a key outside of ASCII', 'schl\u00fcssel QQ=='],
      ['more than 4096 bytes', `a ${'QUFB'.repeat(1024)}`],
    ])('CRE-10 with %s is refused with 400', async (_, metadata) => {
      await refused(400, { 'upload-length': '5', 'upload-metadata': metadata });
    });

    it('CRE-10 4096 bytes are not too many', async () => {
      const metadata = `aaa ${'QUFB'.repeat(1023)}`;
      expect(metadata).toHaveLength(4096);
      expect((await post(app, { 'upload-length': '5', 'upload-metadata': metadata })).status).toBe(201);
    });

    it('CRE-12 keys like __proto__ and values with line breaks harm nobody', async () => {
      const metadata = `__proto__ ${Buffer.from('{"a":1}').toString('base64')},name ${Buffer.from('a\r\nX-Evil: 1').toString('base64')}`;
      const url = await create(app.endpoint, { 'upload-length': '5', 'upload-metadata': metadata });
      expect((await head(url)).headers).not.toHaveProperty('x-evil');
      expect((await record(app, url))?.metadata.get('name')).toBe('a\r\nX-Evil: 1');
    });
  });

  describe('of an upload of deferred length', () => {
    const deferred = () => create(app.endpoint, { 'upload-defer-length': '1' });

    it('CRE-13 CRE-14 says so on HEAD until a PATCH brings the length, and never after', async () => {
      const url = await deferred();
      await patch(url, 0, 'he');
      const before = (await head(url)).headers;
      expect(before).toMatchObject({ 'upload-defer-length': '1', 'upload-offset': '2' });
      expect(before).not.toHaveProperty('upload-length');
      expect((await patch(url, 2, 'l', { 'upload-length': '5' })).status).toBe(204);
      const after = (await head(url)).headers;
      expect(after).toMatchObject({ 'upload-length': '5', 'upload-offset': '3' });
      expect(after).not.toHaveProperty('upload-defer-length');
      expect((await patch(url, 3, 'lo')).status).toBe(204);
      expect(await content(app, url)).toBe('hello');
    });

    it('CRE-14 is complete when the length comes with an empty body and is what is there', async () => {
      const url = await deferred();
      await patch(url, 0, 'hello');
      expect((await record(app, url))?.state).toBe('open');
      expect((await patch(url, 5, '', { 'upload-length': '5' })).status).toBe(204);
      expect(await content(app, url)).toBe('hello');
      expect(completed.filter((id) => id === idOf(url))).toHaveLength(1);
    });

    it('CRE-14 may turn out to be empty', async () => {
      const url = await deferred();
      expect((await patch(url, 0, '', { 'upload-length': '0' })).status).toBe(204);
      expect(await content(app, url)).toBe('');
    });

    it('CRE-15 the same length again is accepted, another one is 400, and nothing changes', async () => {
      for (const url of [await deferred(), await create(app.endpoint, { 'upload-length': '5' })]) {
        await patch(url, 0, 'he', { 'upload-length': '5' });
        expect((await patch(url, 2, 'l', { 'upload-length': '6' })).status).toBe(400);
        expect(await head(url)).toMatchObject({ headers: { 'upload-length': '5', 'upload-offset': '2' } });
        expect((await patch(url, 2, 'llo', { 'upload-length': '5' })).status).toBe(204);
        expect((await patch(url, 5, '', { 'upload-length': '5' })).status).toBe(204);
        expect((await patch(url, 5, '', { 'upload-length': '6' })).status).toBe(400);
      }
    });

    it('CRE-16 CRE-08 a length below the offset is 400, beyond the maximum 413', async () => {
      const url = await deferred();
      await patch(url, 0, 'hello');
      expect((await patch(url, 5, '', { 'upload-length': '4' })).status).toBe(400);
      expect((await patch(url, 5, '', { 'upload-length': String(MAX + 1) })).status).toBe(413);
      expect((await head(url)).headers['upload-defer-length']).toBe('1');
    });

    it('CRE-08 the running total stops at the maximum, chunked or not', async () => {
      const url = await deferred();
      await patch(url, 0, 'x'.repeat(MAX - 1));
      expect((await patch(url, MAX - 1, 'xx')).status).toBe(413);
      const chunked = await call({
        ...{ method: 'PATCH', url, chunked: true, body: 'xx' },
        headers: tus({ ...BYTES, 'upload-offset': String(MAX - 1) }),
      });
      expect(chunked.status).toBe(413);
      expect((await head(url)).headers['upload-offset']).toBe(String(MAX - 1));
      expect((await patch(url, MAX - 1, 'x')).status).toBe(204);
    });

    it('CRE-17 the length counts with the bytes: not on 409, and with the prefix of a body that was cut', async () => {
      const url = await deferred();
      expect((await patch(url, 3, 'x', { 'upload-length': '5' })).status).toBe(409);
      expect((await head(url)).headers['upload-defer-length']).toBe('1');
      const cut = OpenPatch.begin(url, { offset: 0, contentLength: 5 });
      await cut.send('he');
      cut.cut();
      while ((await head(url)).headers['upload-offset'] !== '2');
      expect((await head(url)).headers['upload-defer-length']).toBe('1');
      const headers = { ...BYTES, 'upload-offset': '2', 'upload-length': '5', 'content-length': '3' };
      const again = openRequest('PATCH', url, headers);
      await again.send('l');
      again.cut();
      while ((await head(url)).headers['upload-offset'] !== '3');
      expect((await head(url)).headers['upload-length']).toBe('5');
    });
  });

  describe('with upload', () => {
    it.each([false, true])(
      'CRE-20 CRE-22 stores the content, all of it or a part; chunked: %s',
      async (chunked) => {
        const part = await post(app, { 'upload-length': '5' }, 'he', chunked);
        expect(part).toMatchObject({ status: 201, headers: { 'upload-offset': '2' } });
        expect((await patch(made(app, part), 2, 'llo')).status).toBe(204);
        const whole = await post(app, { 'upload-length': '5' }, 'hello', chunked);
        expect(whole).toMatchObject({ status: 201, headers: { 'upload-offset': '5' } });
        for (const answer of [part, whole]) {
          expect(await content(app, made(app, answer))).toBe('hello');
          expect(completed.filter((id) => id === idOf(made(app, answer)))).toHaveLength(1);
        }
      },
    );

    it.each([
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'x',
    ])('CRE-21 content of type %s is no content', async (type) => {
      for (const chunked of [false, true]) {
        const answer = await post(app, { 'upload-length': '5', 'content-type': type }, '{"a":1', chunked);
        expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': '0' } });
      }
    });

    it.each([
      ['5', false],
      ['5', true],
      ['0', false],
      ['0', true],
    ])(
      'CRE-22 content longer than the length %s is refused with 413, and no upload remains; chunked: %s',
      async (length, chunked) => {
        await refused(413, { 'upload-length': length }, 'hello, world', chunked);
      },
    );

    it('CRE-22 CRE-04 no content at all is not too much for an empty upload', async () => {
      const answer = await post(app, { 'upload-length': '0' }, '', true);
      expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': '0' } });
    });

    it('CRE-08 CRE-25 content beyond the maximum is refused with 413, and no upload remains', async () => {
      for (const chunked of [false, true]) {
        await refused(413, { 'upload-defer-length': '1' }, 'x'.repeat(MAX + 1), chunked);
      }
    });

    it('CRE-25 content and deferred length go together, and the upload stays open', async () => {
      const answer = await post(app, { 'upload-defer-length': '1' }, 'hello');
      expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': '5' } });
      const url = made(app, answer);
      expect((await head(url)).headers['upload-defer-length']).toBe('1');
      expect((await patch(url, 5, '!', { 'upload-length': '6' })).status).toBe(204);
      expect(await content(app, url)).toBe('hello!');
    });

    it('CRE-24 a client that goes away leaves an upload with what had arrived', async () => {
      const metadata = `case ${Buffer.from(`cut-${platform}`).toString('base64')}`;
      const headers = {
        ...BYTES,
        'upload-length': '10',
        'upload-metadata': metadata,
        'content-length': '10',
      };
      const creation = openRequest('POST', app.endpoint, headers);
      await creation.send('hello');
      creation.cut();
      const uploads = app.get(UploadService);
      const found = async () =>
        (await uploads.list({ limit: 1000 })).find(({ rawMetadata }) => rawMetadata === metadata);
      while ((await found())?.offset !== 5);
      const url = `${app.endpoint}/${(await found())?.id}`;
      expect((await patch(url, 5, 'world')).status).toBe(204);
      expect(await content(app, url)).toBe('helloworld');
    });
  });
});
