import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';
import {
  concatenate,
  content,
  count,
  FINISHED,
  idOf,
  made,
  partial,
  post,
  record,
  REFUSING,
  remove,
  sql,
} from './support.js';

const MAX = 1000;
const PARTIAL = { 'upload-concat': 'partial', 'upload-length': '5' };

overStorages('concatenation', 'concatenation', ({ platform, place: newPlace }) => {
  let app: TusApp;
  let place: TestPlace;
  const completed: string[] = [];

  beforeAll(async () => {
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    place = await newPlace();
    app = await TusApp.start({
      platform,
      place,
      // Finals that may wait for their partials have a file of their own.
      tus: { maxSize: MAX, maxPartials: 5, extensions: FINISHED },
      providers: [journal, REFUSING],
    });
  });
  afterAll(async () => {
    await app.stop();
    await place.close();
  });

  /** A final that is refused, and leaves nothing behind. */
  async function refused(
    status: number,
    concat: string,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const before = await count(app);
    const answer = await post(app, { 'upload-concat': concat, ...headers });
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('location');
    expect(await count(app)).toBe(before);
    return answer.body.toString();
  }

  describe('a partial', () => {
    it('CON-01 CON-03 is created, asked for, filled and deleted like any upload, and says that it is one', async () => {
      const url = await create(app.endpoint, PARTIAL);
      for (const [offset, bytes] of [
        [0, 'he'],
        [2, 'llo'],
      ] as const) {
        expect(await head(url)).toMatchObject({
          status: 200,
          headers: { 'upload-concat': 'partial', 'upload-offset': String(offset), 'upload-length': '5' },
        });
        expect((await patch(url, offset, bytes)).status).toBe(204);
      }
      expect((await head(url)).headers).toMatchObject({ 'upload-concat': 'partial', 'upload-offset': '5' });
      expect((await remove(url)).status).toBe(204);
    });

    it('CON-01 may have a deferred length, metadata, and content in its POST', async () => {
      const headers = { 'upload-concat': 'partial', 'upload-defer-length': '1', 'upload-metadata': 'a QQ==' };
      const url = made(app, await post(app, headers, 'hel'));
      expect((await head(url)).headers).toMatchObject({
        ...{
          'upload-defer-length': '1',
          'upload-metadata': 'a QQ==',
          'upload-offset': '3',
          'upload-concat': 'partial',
        },
      });
      await patch(url, 3, 'lo', { 'upload-length': '5' });
      expect(await content(app, made(app, await concatenate(app, [url])))).toBe('hello');
    });

    it.each([
      'Partial',
      'PARTIAL',
      'partial;',
      'partial, partial',
      'final',
      'final;',
      'final; ',
      'Final;/files/a',
      'finalfoo;/files/a',
      '',
      'x',
    ])('CON-02 Upload-Concat: "%s" is refused with 400', async (value) => {
      await refused(400, value, { 'upload-length': '5' });
      await refused(400, value);
    });

    it('CON-04 Upload-Concat on PATCH, HEAD and DELETE is ignored, as tus-js-client sends it', async () => {
      for (const value of ['partial', 'final;/files/none', 'nonsense']) {
        const url = await create(app.endpoint, PARTIAL);
        const also = { 'upload-concat': value };
        expect((await patch(url, 0, 'hello', also)).status).toBe(204);
        const asked = await call({ method: 'HEAD', url, headers: tus(also) });
        expect(asked.headers['upload-concat']).toBe('partial');
        expect((await remove(url, also)).status).toBe(204);
      }
    });

    it('CON-05 is never taken for a file: no hook, no object; only its final is', async () => {
      const urls = [await partial(app, 'hello '), await partial(app, 'world')];
      expect(await Promise.all(urls.map(async (url) => (await record(app, url))?.key))).toEqual([null, null]);
      const final = made(app, await concatenate(app, urls));
      expect(completed).toContain(idOf(final));
      for (const url of urls) expect(completed).not.toContain(idOf(url));
    });

    it('CON-06 of zero bytes is complete at once, and counts', async () => {
      const empty = await partial(app, '');
      expect((await record(app, empty))?.state).toBe('complete');
      expect((await head(empty)).headers).toMatchObject({ 'upload-offset': '0', 'upload-length': '0' });
      const final = await concatenate(app, [empty, await partial(app, 'hello'), empty]);
      expect(final.headers['upload-length']).toBe('5');
      const nothing = made(app, await concatenate(app, [empty, await partial(app, '')]));
      expect(await content(app, nothing)).toBe('');
      expect((await head(nothing)).headers).toMatchObject({ 'upload-offset': '0', 'upload-length': '0' });
    });

    it('CON-32 is not what another protocol can make', async () => {
      const before = await count(app);
      const headers = {
        'upload-draft-interop-version': '8',
        'upload-complete': '?1',
        'upload-concat': 'partial',
      };
      expect((await call({ method: 'POST', url: app.endpoint, headers, body: 'x' })).status).toBe(412);
      expect(await count(app)).toBe(before);
    });

    it('CON-32 a checksum on a final means nothing', async () => {
      const answer = await concatenate(app, [await partial(app, 'x')], { 'upload-checksum': 'sha1 AAAA' });
      expect(answer.status).toBe(201);
    });
  });

  describe('a final', () => {
    it('CON-07 CON-08 CON-14 CON-18 CON-19 CON-20 is the partials in the order of the list, told with both totals', async () => {
      const [a, b] = [await partial(app, 'hello '), await partial(app, 'world')];
      const answer = await concatenate(app, [a, b]);
      expect(answer).toMatchObject({
        status: 201,
        headers: { 'upload-offset': '11', 'upload-length': '11' },
      });
      expect(answer.headers).not.toHaveProperty('upload-concat');
      const final = made(app, answer);
      expect(await content(app, final)).toBe('hello world');
      expect(await head(final)).toMatchObject({
        status: 200,
        headers: {
          ...{ 'upload-offset': '11', 'upload-length': '11', 'cache-control': 'no-store' },
          'upload-concat': `final;${a} ${b}`,
        },
      });
      const swapped = made(app, await concatenate(app, [b, a]));
      expect(await content(app, swapped)).toBe('worldhello ');
    });

    it('CON-33 CON-16 the example of the notes: partials filled in any order, then the final, which takes no byte', async () => {
      const [a, b] = [
        await create(app.endpoint, PARTIAL),
        await create(app.endpoint, { ...PARTIAL, 'upload-length': '6' }),
      ];
      expect((await patch(b, 0, ' world')).status).toBe(204);
      expect((await patch(a, 0, 'hello')).status).toBe(204);
      const paths = [a, b].map((url) => new URL(url).pathname);
      const final = made(app, await concatenate(app, paths));
      expect(await head(final)).toMatchObject({
        headers: {
          'upload-offset': '11',
          'upload-length': '11',
          'upload-concat': `final;${paths.join(' ')}`,
        },
      });
      expect((await patch(final, 11, 'x')).status).toBe(403);
      expect(await content(app, final)).toBe('hello world');
    });

    it.each<Record<string, string>>([
      { 'upload-length': '5' },
      { 'upload-length': '' },
      { 'upload-defer-length': '1' },
    ])('CON-09 with a length of its own is refused with 400: %j', async (headers) => {
      await refused(400, `final;${await partial(app, 'hello')}`, headers);
    });

    it('CON-10 with content is refused with 403; without any, or with other content, it is made', async () => {
      const url = await partial(app, 'hello');
      const concat = { 'upload-concat': `final;${url}` };
      for (const chunked of [false, true]) {
        expect((await post(app, concat, 'x', chunked)).status).toBe(403);
        expect((await post(app, concat, '', chunked)).status).toBe(201);
        expect((await post(app, { ...concat, 'content-type': 'text/plain' }, 'x', chunked)).status).toBe(201);
      }
    });

    it('CON-11 beyond the maximum is refused with 413, at it not', async () => {
      const [half, one] = [await partial(app, 'x'.repeat(MAX / 2)), await partial(app, 'y')];
      await refused(413, `final;${half} ${half} ${one}`);
      expect((await concatenate(app, [half, half])).headers['upload-length']).toBe(String(MAX));
    });

    it('CON-14 may list a partial twice, and a partial may serve several finals at once', async () => {
      const [a, b] = [await partial(app, 'a'), await partial(app, 'b')];
      const answers = await Promise.all([
        concatenate(app, [a, b, a]),
        concatenate(app, [b, a]),
        concatenate(app, [a, a, a]),
      ]);
      const contents = await Promise.all(answers.map((answer) => content(app, made(app, answer))));
      expect(contents).toEqual(['aba', 'ba', 'aaa']);
    });

    it.each([0, 5, 3])(
      'CON-16 takes no PATCH, at offset %i or with any headers: 403, and nothing changes',
      async (offset) => {
        const url = await partial(app, 'hello');
        const final = made(app, await concatenate(app, [url]));
        const attempts = [
          await patch(final, offset, 'x'),
          await patch(final, offset, ''),
          await patch(final, offset, 'x', { 'content-type': 'application/partial-upload' }),
          await patch(final, offset, 'x', { 'upload-offset': 'nonsense' }),
          await call({ method: 'PATCH', url: final, headers: tus() }),
        ];
        for (const { status, headers } of attempts) {
          expect(status).toBe(403);
          expect(headers).not.toHaveProperty('upload-offset');
        }
        expect(await content(app, final)).toBe('hello');
        expect((await head(url)).headers['upload-offset']).toBe('5');
      },
    );

    it('CON-17 has the metadata of its own POST, and none of its partials', async () => {
      const headers = { ...PARTIAL, 'upload-metadata': 'part MQ==' };
      const url = made(app, await post(app, headers, 'hello'));
      const without = made(app, await concatenate(app, [url]));
      expect((await head(without)).headers).not.toHaveProperty('upload-metadata');
      const withOwn = made(
        app,
        await concatenate(app, [url], { 'upload-metadata': 'filename YQ==,empty ,z' }),
      );
      expect((await head(withOwn)).headers['upload-metadata']).toBe('filename YQ==,empty ,z');
    });

    it('CON-18 shows the list as it was received, byte for byte', async () => {
      const [a, b] = [idOf(await partial(app, 'a')), idOf(await partial(app, 'b'))];
      const concat = `final;http://other.example:1/files/${a}?x#y  ${b} /files/x/../${a}`;
      const final = made(app, await post(app, { 'upload-concat': concat }));
      expect((await head(final)).headers['upload-concat']).toBe(concat);
      expect(await content(app, final)).toBe('aba');
    });
  });

  describe('the list', () => {
    it.each([
      ['absolute, whatever scheme, host and port', (id: string) => `https://cdn.example:8443/files/${id}`],
      ['an absolute path', (id: string) => `/files/${id}`],
      ['an absolute path with a slash at its end', (id: string) => `/files/${id}/`],
      ['relative to the endpoint', (id: string) => id],
      ['relative with its folder', (id: string) => `files/${id}`],
      ['relative with dots', (id: string) => `./${id}`],
      ['with dot segments', (id: string) => `/files/x/../${id}`],
      ['with query and fragment', (id: string) => `/files/${id}?a=b#c`],
      ['percent-encoded', (id: string) => `/files/%${id.charCodeAt(0).toString(16)}${id.slice(1)}`],
    ])('CON-15 takes an entry that is %s', async (_, write) => {
      const url = await partial(app, 'hello');
      const final = made(app, await post(app, { 'upload-concat': `final; ${write(idOf(url))} ` }));
      expect(await content(app, final)).toBe('hello');
    });

    it.each([
      ['the endpoint itself', () => '/files'],
      ['another path', (id: string) => `/other/${id}`],
      ['below an upload', (id: string) => `/files/${id}/x`],
      ['an escaped slash', (id: string) => `/files/x%2f${id}`],
      ['an escaped backslash', (id: string) => `/files/x%5C${id}`],
      ['a backslash', (id: string) => `/files\\${id}`],
      ['a zero byte', (id: string) => `/files/${id}%00`],
      ['a broken escape', (id: string) => `/files/${id}%zz`],
      ['escaped twice', (id: string) => `/files/%25${id.charCodeAt(0).toString(16)}${id.slice(1)}`],
      ['another scheme', (id: string) => `file:///files/${id}`],
      ['dots out of the endpoint', (id: string) => `/files/../../${id}`],
      ['five and one too many', (id: string) => Array.from({ length: 6 }, () => id).join(' ')],
      ['separated by commas', (id: string) => `${id},${id}`],
    ])('CON-15 refuses an entry that is %s with 400', async (_, write) => {
      await refused(400, `final;${write(idOf(await partial(app, 'hello')))}`);
    });

    it('CON-12 CON-13 CON-22 names the position of the entry that cannot be one, and nothing is made', async () => {
      const good = await partial(app, 'hello');
      const single = await create(app.endpoint, { 'upload-length': '5' });
      await patch(single, 0, 'hello');
      const [deleted, expired] = [await partial(app, 'x'), await partial(app, 'y')];
      await remove(deleted);
      await sql(app, `UPDATE tus_upload SET state = 'gone', ending = 'expired' WHERE id = ?`, [
        idOf(expired),
      ]);
      const bad = {
        unknown: `${app.endpoint}/none`,
        'an ordinary upload': single,
        'a final': made(app, await concatenate(app, [good])),
        deleted,
        expired,
        'of another path': `${app.origin}/other/${idOf(good)}`,
        incomplete: await create(app.endpoint, PARTIAL),
        'of unknown length': await create(app.endpoint, {
          'upload-concat': 'partial',
          'upload-defer-length': '1',
        }),
      };
      for (const [what, url] of Object.entries(bad)) {
        const body = await refused(400, `final;${good} ${url}`);
        expect({ what, body }).toEqual({ what, body: expect.stringMatching(/\b2\b/) });
        expect(JSON.parse(body)).toMatchObject({ code: 'INVALID_PARTIAL' });
      }
      expect((await head(good)).headers['upload-offset']).toBe('5');
    });

    it('CON-12 CORE-27 is open to whom the guards of the application let in', async () => {
      const url = await partial(app, 'hello');
      expect((await concatenate(app, [url], { 'x-refuse': '401' })).status).toBe(401);
      expect((await concatenate(app, [url], { 'x-refuse': '403' })).status).toBe(403);
    });

    it('CON-12 holds nothing of another endpoint', async () => {
      const other = await TusApp.start({ platform });
      try {
        await refused(400, `final;${await partial(other, 'hello')}`);
      } finally {
        await other.stop();
      }
    });
  });
});
