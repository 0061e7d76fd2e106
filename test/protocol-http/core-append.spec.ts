import { open } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send } from '../http/wire.js';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { BYTES, content, idOf, portOf, post, record, REFUSING, remove, sql } from './support.js';

const NEW = { 'upload-length': '5' };

describe.each(PLATFORMS)('PATCH on platform-%s', (platform) => {
  let app: TusApp;
  const completed: string[] = [];

  beforeAll(async () => {
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    app = await TusApp.start({ platform, providers: [REFUSING, journal] });
  });
  afterAll(() => app.stop());

  const offsetOf = async (url: string) => (await head(url)).headers['upload-offset'];
  const chunked = (url: string, offset: number, body: string) =>
    call({
      method: 'PATCH',
      url,
      headers: tus({ ...BYTES, 'upload-offset': String(offset) }),
      body,
      chunked: true,
    });

  describe('media type and offset', () => {
    it.each(['', 'application/octet-stream', 'application/json', 'application/partial-upload', 'x'])(
      'CORE-08 content of type "%s" is refused with 415, and nothing changes',
      async (type) => {
        const url = await create(app.endpoint, NEW);
        const answer = await patch(url, 0, 'hello', { 'content-type': type });
        expect(answer.status).toBe(415);
        expect(answer.headers).not.toHaveProperty('upload-offset');
        expect(await offsetOf(url)).toBe('0');
      },
    );

    it.each(['Application/Offset+Octet-Stream', 'application/offset+octet-stream; charset=utf-8'])(
      'CORE-08 %s is the right type: case and parameters do not matter',
      async (type) => {
        const url = await create(app.endpoint, NEW);
        expect((await patch(url, 0, 'hello', { 'content-type': type })).status).toBe(204);
      },
    );

    it('CORE-09 a PATCH without Upload-Offset is refused with 400', async () => {
      const url = await create(app.endpoint, NEW);
      const answer = await call({ method: 'PATCH', url, headers: tus(BYTES), body: 'hello' });
      expect(answer.status).toBe(400);
      expect(await offsetOf(url)).toBe('0');
    });

    it.each([0, 1, 3, 5])(
      'CORE-10 an offset of %i where it is 2 is 409 with the right one',
      async (offset) => {
        const url = await create(app.endpoint, NEW);
        await patch(url, 0, 'he');
        const body = 'llo'.slice(0, Math.max(0, 5 - offset));
        expect(await patch(url, offset, body)).toMatchObject({
          status: 409,
          headers: { 'upload-offset': '2', 'tus-resumable': '1.0.0' },
        });
        expect(await offsetOf(url)).toBe('2');
      },
    );

    it('CORE-10 no refusal but 409 carries an offset', async () => {
      const url = await create(app.endpoint, NEW);
      const answers = [
        await patch(url, 0, 'x', { 'x-refuse': '403' }),
        await patch(`${url}x`, 0, 'x'),
        await patch(url, 0, 'x', { 'tus-resumable': '2' }),
        await patch(url, 0, 'x', { 'content-type': 'text/plain' }),
        await patch(url, 0, 'too long'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 404, 412, 415, 413]);
      for (const { headers } of answers) expect(headers).not.toHaveProperty('upload-offset');
    });

    it('CORE-13 a missing upload counts before everything that is wrong with the headers: 404', async () => {
      const answer = await call({ method: 'PATCH', url: `${app.endpoint}/none`, headers: tus(), body: 'x' });
      expect(answer.status).toBe(404);
    });
  });

  describe('bytes', () => {
    it('CORE-11 success is 204 with the new offset and no content', async () => {
      const url = await create(app.endpoint, NEW);
      const answer = await patch(url, 0, 'hel');
      expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': '3' } });
      expect(answer.body).toHaveLength(0);
      for (const absent of ['content-length', 'transfer-encoding', 'content-type']) {
        expect(answer.headers).not.toHaveProperty(absent);
      }
    });

    it('CORE-12 CORE-17 CORE-22 a file comes in as many requests as a client likes, chunked or not, and is complete with the last byte', async () => {
      const parts = ['a', 'bc', '', 'def', 'ghij'.repeat(50_000)];
      const whole = parts.join('');
      const url = await create(app.endpoint, { 'upload-length': String(whole.length) });
      let offset = 0;
      for (const [index, part] of parts.entries()) {
        expect((await record(app, url))?.state).toBe('open');
        const answer = await (index % 2 ? chunked(url, offset, part) : patch(url, offset, part));
        offset += part.length;
        expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': String(offset) } });
        expect(await offsetOf(url)).toBe(String(offset));
      }
      expect((await record(app, url))?.state).toBe('complete');
      expect(await content(app, url)).toBe(whole);
    });

    it('CORE-22 a whole file may come in one request', async () => {
      const url = await create(app.endpoint, NEW);
      expect((await patch(url, 0, 'hello')).headers['upload-offset']).toBe('5');
      expect(await content(app, url)).toBe('hello');
    });

    it('CORE-14 CORE-17 CORE-18 an empty PATCH changes nothing, and completes nothing a second time', async () => {
      const url = await create(app.endpoint, NEW);
      expect(await patch(url, 0, '')).toMatchObject({ status: 204, headers: { 'upload-offset': '0' } });
      await patch(url, 0, 'hello');
      for (const answer of [await patch(url, 5, ''), await chunked(url, 5, '')]) {
        expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      }
      expect(completed.filter((id) => id === idOf(url))).toEqual([idOf(url)]);
    });

    it('CORE-18 a complete upload takes no byte more: 413 at its end, 409 anywhere else', async () => {
      const url = await create(app.endpoint, NEW);
      await patch(url, 0, 'hello');
      expect((await patch(url, 5, 'x')).status).toBe(413);
      expect((await chunked(url, 5, 'x')).status).toBe(413);
      expect(await patch(url, 0, 'hello')).toMatchObject({ status: 409, headers: { 'upload-offset': '5' } });
      expect(await content(app, url)).toBe('hello');
    });

    it('CORE-18 and asks a client for its empty body that waits to be asked', async () => {
      const url = await create(app.endpoint, NEW);
      await patch(url, 0, 'hello');
      const headers = { ...tus({ ...BYTES, 'upload-offset': '5' }), Expect: '100-continue' };
      const path = new URL(url).pathname;
      expect(
        await send(portOf(app), { method: 'PATCH', path, headers, body: '', chunked: true }),
      ).toMatchObject({
        status: 204,
        continued: true,
      });
    });

    it('CORE-16 a body that is announced too long is refused with 413 before it is read', async () => {
      const url = await create(app.endpoint, NEW);
      await patch(url, 0, 'he');
      const headers = { ...tus({ ...BYTES, 'upload-offset': '2' }), Expect: '100-continue' };
      const refused = await send(portOf(app), {
        ...{ method: 'PATCH', path: new URL(url).pathname, headers, body: 'llo!' },
      });
      expect(refused).toMatchObject({ status: 413, continued: false });
      expect(await offsetOf(url)).toBe('2');
    });

    it.each(['llo!', 'llo'.repeat(1_000_000)])(
      'CORE-16 a body that turns out too long is refused with 413, and completes nothing with a prefix (%#)',
      async (body) => {
        const url = await create(app.endpoint, NEW);
        await patch(url, 0, 'he');
        // A large body may break the connection before the answer is read.
        const status = await chunked(url, 2, body).then(
          (answer) => answer.status,
          () => 0,
        );
        expect([413, ...(body.length > 10 ? [0] : [])]).toContain(status);
        expect(await offsetOf(url)).toBe('2');
        expect((await record(app, url))?.state).toBe('open');
        expect((await patch(url, 2, 'llo')).status).toBe(204);
        expect(await content(app, url)).toBe('hello');
      },
    );

    it('CORE-12 bytes beyond 4 GiB are stored where they belong (trap 8)', async () => {
      const length = 5_000_000_005;
      const url = await create(app.endpoint, { 'upload-length': String(length), 'upload-concat': 'partial' });
      await patch(url, 0, 'x');
      const file = await open(join(app.directory, '.tus', 'work', idOf(url)), 'r+');
      try {
        // A hole stands in for what a client would take minutes to send.
        await file.truncate(length - 5);
        await sql(app, 'UPDATE tus_upload SET upload_offset = ? WHERE id = ?', [length - 5, idOf(url)]);
        expect(await patch(url, length - 5, 'hello')).toMatchObject({
          status: 204,
          headers: { 'upload-offset': String(length) },
        });
        const { buffer } = await file.read(Buffer.alloc(5), 0, 5, length - 5);
        expect(buffer.toString()).toBe('hello');
      } finally {
        await file.close();
        await remove(url);
      }
    });

    it('CORE-12 content coding is data: nothing is decoded (trap 28)', async () => {
      const url = await create(app.endpoint, NEW);
      expect((await patch(url, 0, 'hello', { 'content-encoding': 'gzip' })).status).toBe(204);
      expect(await content(app, url)).toBe('hello');
    });
  });

  describe('two at once', () => {
    it('CORE-19 at the same offset one is stored, the other is 409 or 423, and never both', async () => {
      const url = await create(app.endpoint, NEW);
      const answers = await Promise.all(['hello', 'world'].map((body) => patch(url, 0, body)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 204)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409 || status === 423)).toHaveLength(1);
      expect(await content(app, url)).toBe(statuses[0] === 204 ? 'hello' : 'world');
    });

    it('CORE-07 CORE-19 a stalled writer keeps what it sent and gives way with 423; HEAD had not disturbed it', async () => {
      const url = await create(app.endpoint, { 'upload-length': '10' });
      const stalled = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
      await stalled.send('01234');
      while ((await offsetOf(url)) !== '5');
      const next = await patch(url, 5, '56789');
      expect(next).toMatchObject({ status: 204, headers: { 'upload-offset': '10' } });
      expect(await stalled.outcome()).toEqual({ status: 423, offset: undefined });
      expect(await content(app, url)).toBe('0123456789');
    });

    it('CORE-19 what headers refuse does not end a running writer', async () => {
      const url = await create(app.endpoint, { 'upload-length': '10' });
      const running = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
      await running.send('01234');
      while ((await offsetOf(url)) !== '5');
      const refused = [
        await patch(url, 5, 'too long for it'),
        await patch(url, 5, '56789', { 'upload-length': '11' }),
        await patch(url, 5, '56789', { 'content-type': 'text/plain' }),
      ];
      expect(refused.map(({ status }) => status)).toEqual([413, 400, 415]);
      await running.send('56789');
      running.end();
      expect(await running.outcome()).toEqual({ status: 204, offset: '10' });
    });
  });

  it('CORE-12 requests follow each other on one connection, also after a refusal', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const url = await create(app.endpoint, NEW);
    const reused: boolean[] = [];
    const one = (offset: number, body: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = tus({
          ...BYTES,
          'upload-offset': String(offset),
          'content-length': String(body.length),
        });
        const outgoing = request(url, { method: 'PATCH', agent, headers }, (incoming) => {
          reused.push(outgoing.reusedSocket);
          incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0));
        });
        outgoing.once('error', reject).end(body);
      });
    const statuses = [];
    for (const [offset, body] of [
      [0, 'he'],
      [7, 'x'],
      [0, 'x'.repeat(100_000)],
      [2, 'llo'],
      [5, ''],
    ] as const) {
      statuses.push(await one(offset, body));
    }
    agent.destroy();
    expect(statuses).toEqual([204, 413, 413, 204, 204]);
    expect(reused).toEqual([false, true, true, true, true]);
  });

  it('CORE-24 POST on an upload is not a creation', async () => {
    const url = await create(app.endpoint, NEW);
    const answer = await call({ method: 'POST', url, headers: tus(NEW) });
    expect(answer.status).toBe(405);
    expect(answer.headers).not.toHaveProperty('location');
    expect((await post(app, NEW)).status).toBe(201);
  });
});
