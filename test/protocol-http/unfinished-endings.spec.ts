import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { head, patch } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import { BYTES, concatenate, count, FINISHED, idOf, openRequest, partial, remove } from './support.js';
import { waitingFinals } from './waiting-finals.js';

/** Moments are met by chance; so often that some are. */
const ROUNDS = Array.from({ length: 10 }, (_, round) => round);

overStorages('concatenation', 'refusals and ends of finals that wait', (server) => {
  const on = waitingFinals(server);
  const { start, done, unfinished, deferred, pending, waits, merged } = on;

  describe('its length', () => {
    it('CON-11 is held against the maximum as far as it is known at the POST', async () => {
      await start({ maxSize: 10 });
      const [a, b] = [await unfinished(6), await deferred('hello')];
      const before = await count(on.app);
      for (const list of [
        [a, a],
        [a, b],
        [b, b, b],
      ])
        expect((await concatenate(on.app, list)).status).toBe(413);
      expect(await count(on.app)).toBe(before);
      await pending([b, b]);
    });

    it('CON-11 that passes the maximum later is refused to the PATCH that says it, which commits nothing', async () => {
      await start({ maxSize: 10 });
      const [a, b] = [await unfinished(6), await deferred()];
      const final = await pending([a, b]);
      expect((await patch(b, 0, 'world', { 'upload-length': '5' })).status).toBe(413);
      const told = (await head(b)).headers;
      expect(told).toMatchObject({ 'upload-offset': '0', 'upload-defer-length': '1' });
      expect((await waits(final)).headers['upload-defer-length']).toBe('1');
      expect((await patch(b, 0, 'worl', { 'upload-length': '4' })).status).toBe(204);
      await patch(a, 0, 'hello ');
      await merged(final, 'hello worl');
    });

    it('CON-11 CON-21 that two partials make too long at once ends it with 410', async () => {
      await start({ maxSize: 10 });
      const urls = [await deferred(), await deferred()];
      const final = await pending(urls);
      const headers = { ...BYTES, 'upload-offset': '0', 'upload-length': '6', 'content-length': '6' };
      const writers = urls.map((url) => openRequest('PATCH', url, headers));
      await Promise.all(writers.map((writer) => writer.send('hel')));
      // Both lengths were accepted by now: the bytes of both have come as far as the storage.
      for (const url of urls) await on.storage.has(idOf(url), 3);
      await Promise.all(writers.map((writer) => writer.send('lo ')));
      for (const writer of writers) expect(await writer.answered).toBe(204);
      await done();
      expect((await head(final)).status).toBe(410);
      for (const url of urls) expect((await remove(url)).status).toBe(204);
    });
  });

  it('CON-21 a partial that failed for good ends it with 410 and frees the others, whatever they still do', async () => {
    await start();
    const [a, b, c] = [await unfinished(5), await unfinished(5), await partial(on.app, 'c')];
    const final = await pending([a, b, c]);
    expect((await remove(c)).status).toBe(409);
    on.storage.appendFault = { after: 2, failure: new StorageError('missing', 'the bytes are lost') };
    expect((await patch(a, 0, 'hello')).status).toBe(410);
    await on.app.get(Maintenance).run();
    await done();
    const answer = await head(final);
    expect(answer.status).toBe(410);
    expect(answer.headers).not.toHaveProperty('upload-offset');
    expect((await patch(b, 0, 'world')).status).toBe(204);
    for (const url of [b, c]) expect((await remove(url)).status).toBe(204);
    await done();
    expect(on.completed).toEqual([]);
    expect(await on.place.leftovers()).toEqual([]);
  });

  it('CON-21 CON-31 a merge that fails in passing is tried again, and HEAD is 200 meanwhile', async () => {
    await start();
    const a = await unfinished(5);
    const final = await pending([a]);
    on.storage.concatenateFault = new StorageError('unavailable', 'not now');
    expect((await patch(a, 0, 'hello')).status).toBe(204);
    await done();
    await waits(final);
    await on.app.get(Maintenance).run();
    await merged(final, 'hello');
  });

  it('CON-22 is refused with 400 where the extension is off, and nothing is made', async () => {
    await start({ extensions: FINISHED });
    const [a, b] = [await partial(on.app, 'a'), await unfinished(5)];
    const before = await count(on.app);
    const answer = await concatenate(on.app, [a, b]);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'INVALID_PARTIAL' });
    expect(await count(on.app)).toBe(before);
    for (const url of [a, b]) expect((await remove(url)).status).toBe(204);
  });

  describe('DELETE', () => {
    it('CON-29 on a partial that it needs is 409, complete or not; both go on', async () => {
      await start();
      const [a, b] = [await unfinished(5), await partial(on.app, 'b')];
      const final = await pending([a, b]);
      for (const url of [a, b]) expect((await remove(url)).status).toBe(409);
      await patch(a, 0, 'hello');
      await merged(final, 'hellob');
      for (const url of [a, b]) expect((await remove(url)).status).toBe(204);
    });

    it('CON-29 on the final is 204 and frees its partials, which stay and take bytes', async () => {
      await start();
      const [a, b] = [await unfinished(5), await partial(on.app, 'b')];
      const final = await pending([a, b]);
      expect((await remove(final)).status).toBe(204);
      expect((await head(final)).status).toBe(404);
      expect((await patch(a, 0, 'hello')).status).toBe(204);
      await done();
      expect((await head(final)).status).toBe(404);
      expect(on.completed).toEqual([]);
      for (const url of [a, b]) expect((await remove(url)).status).toBe(204);
    });

    it('CON-29 CON-24 on the final in the same instant as its last partial completes leaves nothing behind', async () => {
      await start();
      for (const round of ROUNDS) {
        const a = await unfinished(5);
        const final = await pending([a]);
        const requests = [() => patch(a, 0, 'hello'), () => remove(final)];
        if (round % 2) requests.reverse();
        const answers = await Promise.all(requests.map((request) => request()));
        expect(answers.map(({ status }) => status)).toEqual([204, 204]);
        await done();
        expect((await head(final)).status).toBe(404);
        expect([204, 404]).toContain((await remove(a)).status);
      }
      await done();
      expect(await on.place.objects()).toEqual([]);
      expect(await on.place.leftovers()).toEqual([]);
    });
  });
});
