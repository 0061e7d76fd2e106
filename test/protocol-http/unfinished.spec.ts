import { describe, expect, it } from '@jest/globals';
import { UploadService } from '../../src/index.js';
import { OpenPatch } from '../support/open-patch.js';
import { create, head, patch } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import {
  BYTES,
  concatenate,
  content,
  gate,
  idOf,
  made,
  openRequest,
  partial,
  post,
  remove,
} from './support.js';
import { waitingFinals } from './waiting-finals.js';

/** Moments are met by chance; so often that some are. */
const ROUNDS = Array.from({ length: 10 }, (_, round) => round);

overStorages('concatenation', 'finals that wait', (server) => {
  const on = waitingFinals(server);
  const { start, done, unfinished, deferred, pending, waits, merged } = on;

  it('CON-33 CON-16 CON-18 CON-19 CON-20 CON-23 CON-24 the example of the notes, to the letter', async () => {
    await start();
    const [a, b] = [await unfinished(5), await unfinished(6)];
    for (const url of [a, b]) expect((await head(url)).headers['upload-offset']).toBe('0');
    const concat = `final;${new URL(a).pathname} ${new URL(b).pathname}`;
    const answer = await post(on.app, { 'upload-concat': concat });
    expect(answer.status).toBe(201);
    const final = made(on.app, answer);
    const waiting = await waits(final);
    expect(waiting.headers).toMatchObject({ 'upload-length': '11', 'upload-concat': concat });
    expect((await patch(b, 0, ' world')).status).toBe(204);
    expect((await patch(a, 0, 'hello')).status).toBe(204);
    await done();
    expect(await head(final)).toMatchObject({
      status: 200,
      headers: { 'upload-offset': '11', 'upload-length': '11', 'upload-concat': concat },
    });
    expect((await patch(final, 11, 'x')).status).toBe(403);
    expect(await content(on.app, final)).toBe('hello world');
  });

  it('CON-19 CON-16 CON-08 is answered without an offset, and takes no byte while it waits', async () => {
    await start();
    const [a, b] = [await unfinished(5), await partial(on.app, 'b')];
    const answer = await concatenate(on.app, [a, b]);
    expect(answer.headers['upload-length']).toBe('6');
    expect(answer.headers).not.toHaveProperty('upload-offset');
    const final = made(on.app, answer);
    for (const offset of [0, 6]) expect((await patch(final, offset, 'x')).status).toBe(403);
    await waits(final);
    expect((await head(a)).headers['upload-offset']).toBe('0');
    await patch(a, 0, 'aaaaa');
    await merged(final, 'aaaaab');
  });

  it('CON-20 a length that is not known yet is deferred on HEAD, and told as soon as it is, while it waits on', async () => {
    await start();
    const [a, b] = [await deferred('he'), await unfinished(5)];
    const answer = await concatenate(on.app, [a, b]);
    expect(answer.headers).not.toHaveProperty('upload-length');
    const final = made(on.app, answer);
    const unknown = await waits(final);
    expect(unknown.headers).toMatchObject({ 'upload-defer-length': '1' });
    expect(unknown.headers).not.toHaveProperty('upload-length');
    expect((await patch(a, 2, 'll', { 'upload-length': '5' })).status).toBe(204);
    const known = await waits(final);
    expect(known.headers).toMatchObject({ 'upload-length': '10' });
    expect(known.headers).not.toHaveProperty('upload-defer-length');
    await Promise.all([patch(a, 4, 'o'), patch(b, 0, 'world')]);
    await merged(final, 'helloworld');
  });

  it('CON-23 does not disturb a partial that is being written', async () => {
    await start();
    const [a, b] = [await partial(on.app, 'hello '), await unfinished(5)];
    const writer = OpenPatch.begin(b, { offset: 0, contentLength: 5 });
    await writer.send('wor');
    const final = await pending([a, b]);
    await writer.send('ld');
    writer.end();
    expect(await writer.outcome()).toEqual({ status: 204, offset: '5' });
    await merged(final, 'hello world');
  });

  it('CON-24 the PATCH that completes the last partial is answered without waiting for the merge', async () => {
    await start();
    const a = await unfinished(5);
    const final = await pending([a]);
    const merge = gate();
    on.storage.gate = merge.closed;
    expect((await patch(a, 0, 'hello')).status).toBe(204);
    expect((await waits(final)).headers['upload-length']).toBe('5');
    merge.open();
    await merged(final, 'hello');
  });

  describe('the last partial is completed', () => {
    it('CON-24 by a creation with content that was on its way', async () => {
      await start();
      const a = await partial(on.app, 'hello ');
      const headers = {
        ...BYTES,
        'upload-concat': 'partial',
        'upload-length': '5',
        'content-length': '5',
      };
      const creation = openRequest('POST', on.app.endpoint, headers);
      await creation.send('wor');
      const list = () => on.app.get(UploadService).list({ kind: 'partial', states: ['open'] });
      while ((await list()).length === 0);
      const final = await pending([a, `${on.app.endpoint}/${(await list())[0]?.id}`]);
      await creation.send('ld');
      expect(await creation.answered).toBe(201);
      await merged(final, 'hello world');
    });

    it('CON-24 by an empty PATCH that says its deferred length', async () => {
      await start();
      const [a, b] = [await deferred('hello '), await partial(on.app, 'world')];
      const final = await pending([a, b]);
      expect((await patch(a, 6, '', { 'upload-length': '6' })).status).toBe(204);
      await merged(final, 'hello world');
    });

    it('CON-24 by an upload of no bytes that had said no length', async () => {
      await start();
      const [a, b] = [await deferred(), await partial(on.app, 'world')];
      const final = await pending([a, b, a]);
      expect((await patch(a, 0, '', { 'upload-length': '0' })).status).toBe(204);
      await merged(final, 'world');
    });

    it('CON-24 on another connection than the one that hangs', async () => {
      await start();
      const [a, b] = [await partial(on.app, 'hello '), await unfinished(5)];
      const final = await pending([a, b]);
      const hanging = OpenPatch.begin(b, { offset: 0, contentLength: 5 });
      await hanging.send('wor');
      await on.storage.has(idOf(b), 3);
      expect((await patch(b, 3, 'ld')).status).toBe(204);
      expect((await hanging.outcome()).status).toBe(423);
      await merged(final, 'hello world');
    });

    it('CON-24 after the server was stopped and started again', async () => {
      await start();
      const [a, b] = [await unfinished(6), await unfinished(5)];
      await patch(a, 0, 'hello ');
      const final = await pending([a, b]);
      await on.app.stop();
      await start();
      const moved = (url: string) => `${on.app.endpoint}/${idOf(url)}`;
      await waits(moved(final));
      expect((await patch(moved(b), 0, 'world')).status).toBe(204);
      await merged(moved(final), 'hello world');
    });

    it('CON-24 CON-25 in the same instant as the others', async () => {
      await start();
      for (const round of ROUNDS) {
        const urls = await Promise.all(Array.from({ length: 2 + (round % 3) }, () => unfinished(1)));
        const final = await pending(urls);
        const answers = await Promise.all(urls.map((url, n) => patch(url, 0, String(n))));
        expect(answers.map(({ status }) => status)).toEqual(urls.map(() => 204));
        await merged(final, urls.map((_, n) => n).join(''));
      }
    });

    it('CON-25 in the same instant as the final is asked for', async () => {
      await start();
      for (const round of ROUNDS) {
        const [a, b] = [await unfinished(1), await partial(on.app, String(round))];
        const [answer, { status }] = await Promise.all([concatenate(on.app, [a, b]), patch(a, 0, 'a')]);
        expect([answer.status, status]).toEqual([201, 204]);
        await merged(made(on.app, answer), `a${round}`);
      }
    });

    it('CON-24 CON-14 CON-25 and serves every final that waited for it, also where it is listed twice', async () => {
      await start();
      const [a, b] = [await partial(on.app, 'a'), await unfinished(1)];
      const finals = [await pending([a, b, a]), await pending([b, b]), await pending([b])];
      expect((await head(finals[0] ?? '')).headers['upload-length']).toBe('3');
      await patch(b, 0, 'b');
      for (const [n, bytes] of ['aba', 'bb', 'b'].entries()) await merged(finals[n] ?? '', bytes);
      expect(on.completed.toSorted()).toEqual(finals.map(idOf).toSorted());
    });
  });

  it('CON-26 CON-05 CON-17 is announced once, with its own metadata, after it was merged; partials never are', async () => {
    await start();
    const headers = { 'upload-concat': 'partial', 'upload-length': '5', 'upload-metadata': 'part MQ==' };
    const [a, b] = [await create(on.app.endpoint, headers), await partial(on.app, 'b')];
    const final = await pending([a, b], { 'upload-metadata': 'filename YQ==' });
    expect((await waits(final)).headers['upload-metadata']).toBe('filename YQ==');
    await done();
    expect(on.completed).toEqual([]);
    await patch(a, 0, 'hello');
    await merged(final, 'hellob');
    expect(on.completed).toEqual([idOf(final)]);
    expect((await head(final)).headers['upload-metadata']).toBe('filename YQ==');
  });

  it('CON-27 partials give up their bytes once it is merged, and are told of on', async () => {
    await start();
    const [a, b] = [await unfinished(6), await partial(on.app, 'world')];
    const final = await pending([a, b]);
    await patch(a, 0, 'hello ');
    await merged(final, 'hello world');
    expect(await on.place.leftovers()).toEqual([]);
    for (const url of [a, b]) expect((await head(url)).status).toBe(200);
  });

  it('CON-30 a repeated POST gives the same final, waiting or not; other metadata or a DELETE make another', async () => {
    await start();
    const [a, b] = [await unfinished(5), await partial(on.app, 'b')];
    const final = await pending([a, b]);
    const again = await Promise.all(Array.from({ length: 5 }, () => pending([a, b])));
    expect(new Set([final, ...again]).size).toBe(1);
    const other = await pending([a, b], { 'upload-metadata': 'n MQ==' });
    expect(other).not.toBe(final);
    await remove(other);
    expect(await pending([a, b], { 'upload-metadata': 'n MQ==' })).not.toBe(other);
    await patch(a, 0, 'hello');
    await merged(final, 'hellob');
    const late = await concatenate(on.app, [a, b]);
    expect(late).toMatchObject({ status: 201, headers: { 'upload-offset': '6' } });
    expect(made(on.app, late)).toBe(final);
  });
});
