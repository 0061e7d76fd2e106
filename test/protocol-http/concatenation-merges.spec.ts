import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { StorageError } from '../../src/index.js';
import { Background } from '../../src/uploads/background.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { ServerProcess } from '../support/server-process.js';
import { faultyApp } from '../support/storages/faulty-app.js';
import type { FaultyApp } from '../support/storages/faulty-app.js';
import type { FaultyStorage } from '../support/storages/faulty-storage.js';
import { overStorages } from '../support/storages/over-storages.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { BYTES, concatenate, content, count, FINISHED, gate, idOf, made, openRequest } from './support.js';
import { partial, record, remove, sql } from './support.js';

overStorages('concatenation', 'merges', (on) => {
  let server: FaultyApp;
  let app: TusApp;
  let storage: FaultyStorage;
  const completed: string[] = [];

  const start = async (options: NonNullable<TusAppOptions['tus']> = {}): Promise<TusApp> => {
    completed.length = 0;
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    server = await faultyApp(on, { tus: options, providers: [journal] });
    ({ app, storage } = server);
    return app;
  };

  afterEach(() => server.stop());

  const done = () => app.get(Background).idle();

  it('CON-19 CON-20 CON-21 CON-31 one that takes long is answered without an offset, and HEAD shows when it is done', async () => {
    await start({ respondAfter: 0 });
    const urls = [await partial(app, 'hello '), await partial(app, 'world')];
    const merge = gate();
    storage.gate = merge.closed;
    const answer = await concatenate(app, urls);
    expect(answer).toMatchObject({ status: 201, headers: { 'upload-length': '11' } });
    const final = made(app, answer);
    const merging = await head(final);
    expect(merging).toMatchObject({
      status: 200,
      headers: {
        'upload-length': '11',
        'upload-concat': `final;${urls.join(' ')}`,
        'cache-control': 'no-store',
      },
    });
    for (const { headers } of [answer, merging]) expect(headers).not.toHaveProperty('upload-offset');
    expect((await patch(final, 0, 'x')).status).toBe(403);
    merge.open();
    await done();
    expect((await head(final)).headers).toMatchObject({ 'upload-offset': '11', 'upload-length': '11' });
    expect(await content(app, final)).toBe('hello world');
    expect(completed).toEqual([idOf(final)]);
  });

  it('CON-21 one that can never succeed is 410 on HEAD, so that pollers stop', async () => {
    await start({ respondAfter: 0 });
    const merge = gate();
    storage.gate = merge.closed;
    storage.concatenateFault = new StorageError('missing', 'lost');
    const final = made(app, await concatenate(app, [await partial(app, 'hello')]));
    merge.open();
    await done();
    const answer = await head(final);
    expect(answer.status).toBe(410);
    expect(answer.headers).not.toHaveProperty('upload-offset');
  });

  it('CON-29 a partial that a running merge needs cannot be deleted: 409; a merging final can, and its partials stay', async () => {
    await start({ respondAfter: 0 });
    const urls = [await partial(app, 'hello '), await partial(app, 'world')];
    const merge = gate();
    storage.gate = merge.closed;
    const final = made(app, await concatenate(app, urls));
    for (const url of urls) expect((await remove(url)).status).toBe(409);
    expect((await remove(final)).status).toBe(204);
    merge.open();
    await done();
    expect((await head(final)).status).toBe(404);
    for (const url of urls) expect((await head(url)).status).toBe(200);
  });

  it('CON-31 one that fails before its answer leaves no final, and the partials for the next try', async () => {
    await start();
    const url = await partial(app, 'hello');
    const before = await count(app);
    storage.concatenateFault = new StorageError('unavailable', 'not now');
    const failed = await concatenate(app, [url]);
    expect(failed).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(failed.headers).not.toHaveProperty('location');
    await done();
    expect(await count(app)).toBe(before);
    expect(await content(app, made(app, await concatenate(app, [url])))).toBe('hello');
  });

  it('CON-31 goes on when the client has gone away, and its retry gets the same final (CON-30)', async () => {
    await start();
    const url = await partial(app, 'hello');
    const merge = gate();
    storage.gate = merge.closed;
    const headers = { 'upload-concat': `final;${url}`, 'content-length': '0' };
    const lost = openRequest('POST', app.endpoint, headers);
    while ((await count(app)) < 2);
    lost.cut();
    const retried = concatenate(app, [url]);
    merge.open();
    const answer = await retried;
    expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': '5' } });
    expect(await count(app)).toBe(2);
    expect(await content(app, made(app, answer))).toBe('hello');
    expect(completed).toEqual([idOf(made(app, answer))]);
  });

  it('CON-30 the same list and metadata give the same final, once; another list or metadata gives another', async () => {
    await start();
    const [a, b] = [await partial(app, 'a'), await partial(app, 'b')];
    const answers = await Promise.all(Array.from({ length: 5 }, () => concatenate(app, [a, b])));
    // Another spelling of the same list is the same list.
    answers.push(await concatenate(app, [new URL(a).pathname, idOf(b)]));
    const locations = new Set(answers.map(({ headers }) => headers.location));
    expect(locations.size).toBe(1);
    for (const { status, headers } of answers) {
      expect({ status, offset: headers['upload-offset'] }).toEqual({ status: 201, offset: '2' });
    }
    expect(completed).toHaveLength(1);
    const others = [
      await concatenate(app, [b, a]),
      await concatenate(app, [a, b], { 'upload-metadata': 'x' }),
    ];
    for (const other of others) expect(locations).not.toContain(other.headers.location);
  });

  it('CON-30 after its DELETE the same list makes a new final, where the partials were kept', async () => {
    await start({ partials: 'keep' });
    const url = await partial(app, 'hello');
    const first = made(app, await concatenate(app, [url]));
    await remove(first);
    const again = made(app, await concatenate(app, [url]));
    expect(again).not.toBe(first);
    expect(await content(app, again)).toBe('hello');
  });

  it('CON-27 partials whose bytes went with a deleted final are 404: no client is left with a list that cannot succeed', async () => {
    await start();
    const url = await partial(app, 'hello');
    await remove(made(app, await concatenate(app, [url])));
    await done();
    expect((await head(url)).status).toBe(404);
    expect((await concatenate(app, [url])).status).toBe(400);
  });

  it('CON-27 CON-28 merged partials give up their bytes, are still told of, and can be merged again', async () => {
    await start();
    const [a, b] = [await partial(app, 'hello '), await partial(app, 'world')];
    const first = made(app, await concatenate(app, [a, b]));
    await done();
    expect(await server.place.leftovers()).toEqual([]);
    for (const [url, length] of [
      [a, '6'],
      [b, '5'],
    ] as const) {
      expect(await head(url)).toMatchObject({
        status: 200,
        headers: { 'upload-offset': length, 'upload-length': length, 'upload-concat': 'partial' },
      });
    }
    const second = made(app, await concatenate(app, [b, a], { 'upload-metadata': 'x' }));
    expect(await content(app, second)).toBe('worldhello ');
    expect((await remove(a)).status).toBe(204);
    expect(await content(app, first)).toBe('hello world');
    expect(await content(app, second)).toBe('worldhello ');
  });

  it('CON-28 neither deleting nor forgetting its partials changes a final', async () => {
    await start({ partials: 'keep' });
    const [a, b] = [await partial(app, 'hello '), await partial(app, 'world')];
    const final = made(app, await concatenate(app, [a, b]));
    await remove(a);
    await sql(app, `UPDATE tus_upload SET state = 'gone', ending = 'expired' WHERE id = ?`, [idOf(b)]);
    await done();
    expect(await content(app, final)).toBe('hello world');
    expect((await record(app, final))?.state).toBe('complete');
  });

  it('CON-29 DELETE on a final that is done is 204, and kept partials stay', async () => {
    await start({ partials: 'keep' });
    const url = await partial(app, 'hello');
    const final = made(app, await concatenate(app, [url]));
    expect((await remove(final)).status).toBe(204);
    await done();
    expect((await head(final)).status).toBe(404);
    expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '5' } });
  });

  it('CON-22 CON-01 a partial in progress is not disturbed by a final that wanted it', async () => {
    await start({ extensions: FINISHED });
    const headers = { 'upload-concat': 'partial', 'upload-length': '10' };
    const url = await create(app.endpoint, headers);
    const writer = openRequest('PATCH', url, { ...BYTES, 'upload-offset': '0', 'content-length': '10' });
    await writer.send('hello');
    expect((await concatenate(app, [url])).status).toBe(400);
    await writer.send('world');
    while ((await head(url)).headers['upload-offset'] !== '10');
    expect(await content(app, made(app, await concatenate(app, [url])))).toBe('helloworld');
  });
});

describe('a list of 1,000 partials', () => {
  it('CON-15 CON-07 makes one final where Node allows headers of that size, shown whole on HEAD; one more is 400', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
    const server = await ServerProcess.start({ directory, nodeFlags: ['--max-http-header-size=65536'] });
    try {
      const paths: string[] = [];
      const numbers = Array.from({ length: 1000 }, (_, index) => index);
      for (let at = 0; at < numbers.length; at += 50) {
        const batch = numbers.slice(at, at + 50).map(async (number) => {
          const body = `${number},`;
          const headers = { ...BYTES, 'upload-concat': 'partial', 'upload-length': String(body.length) };
          const answer = await call({ method: 'POST', url: server.endpoint, headers: tus(headers), body });
          paths[number] = String(answer.headers.location);
        });
        await Promise.all(batch);
      }
      const expected = numbers.map((number) => `${number},`).join('');
      const concat = `final;${paths.join(' ')}`;
      const post = (value: string) =>
        call({ method: 'POST', url: server.endpoint, headers: tus({ 'upload-concat': value }) });
      const answer = await post(concat);
      expect(answer).toMatchObject({ status: 201, headers: { 'upload-length': String(expected.length) } });
      const shown = await head(new URL(String(answer.headers.location), server.endpoint).href);
      expect(shown.headers).toMatchObject({
        'upload-concat': concat,
        'upload-offset': String(expected.length),
      });
      expect((await post(`${concat} ${paths[0]}`)).status).toBe(400);
    } finally {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it.each(PLATFORMS)(
    'CON-15 is 431 with the headers that Node allows by default, on platform-%s (trap 19)',
    async (platform) => {
      const app = await TusApp.start({ platform });
      try {
        const list = Array.from({ length: 1000 }, () => `/files/${'x'.repeat(22)}`);
        expect((await concatenate(app, list)).status).toBe(431);
        expect(await count(app)).toBe(0);
      } finally {
        await app.stop();
      }
    },
  );
});
