import { afterEach, describe, expect, it } from '@jest/globals';
import { StorageError, UploadGoneError, UploadService } from '../../src/index.js';
import { Background } from '../../src/uploads/background.js';
import { UPLOAD_REPOSITORY } from '../../src/repository/upload-repository.js';
import type { UploadRepository } from '../../src/repository/upload-repository.js';
import { Recovery } from '../../src/uploads/recovery.js';
import { OpenPatch } from '../support/open-patch.js';
import { create, head, patch } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TusApp, TusAppOptions } from '../support/tus-app.js';
import { DAY, expectIn, ExpiringApp, HOUR, NEW, PARTIAL } from './expiring-app.js';
import {
  concatenate,
  content,
  count,
  gate,
  idOf,
  made,
  partial,
  post,
  record,
  remove,
  sql,
} from './support.js';

overStorages('expiration', 'expired uploads', (on) => {
  let server: ExpiringApp;
  let app: TusApp;

  const start = async (tusOptions: NonNullable<TusAppOptions['tus']> = {}): Promise<void> => {
    server = await ExpiringApp.start(on, tusOptions);
    app = server.tus;
  };
  afterEach(() => server.stop());

  /** What every method of a client says of an upload. */
  const answers = async (url: string): Promise<Answer[]> => [
    await head(url),
    await patch(url, 0, 'x'),
    await patch(url, 5, ''),
    await patch(url, 0, 'x', { 'content-type': 'text/plain' }),
    await remove(url),
  ];
  const expectGone = async (url: string): Promise<void> => {
    for (const { status, headers } of await answers(url)) {
      expect(status).toBe(410);
      expect(headers).not.toHaveProperty('upload-offset');
      expect(headers).not.toHaveProperty('upload-expires');
    }
    await expect(app.get(UploadService).read(idOf(url))).rejects.toThrow(UploadGoneError);
    expect(await record(app, url)).toBeUndefined();
  };

  describe('when the time is over', () => {
    it.each([
      ['open', NEW, 'he'],
      ['without a byte', NEW, ''],
      ['a partial', PARTIAL, 'he'],
      ['a complete partial', PARTIAL, 'hello'],
      ['complete', NEW, 'hello'],
    ])(
      'EXP-06 EXP-07 an upload that is %s is 410 on every method, before the sweep and after it',
      async (_, headers, bytes) => {
        await start({ expiration: '24h' });
        const url = made(app, await post(app, headers, bytes === '' ? undefined : bytes));
        await server.overdue(url);
        await expectGone(url);
        await server.sweep();
        await expectGone(url);
        expect(await server.place.leftovers()).toEqual([]);
      },
    );

    it('EXP-06 a second later the same upload would have been there: what decides is the clock, not the sweep', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      await server.endIn(url, 60_000);
      await server.sweep();
      expect((await head(url)).status).toBe(200);
      await server.overdue(url);
      expect((await head(url)).status).toBe(410);
    });

    it('EXP-06 is remembered for a day, and then forgotten: 404', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      await server.overdue(url);
      await server.sweep();
      const since = (ago: number) =>
        sql(app, 'UPDATE tus_upload SET updated_at = ? WHERE id = ?', [Date.now() - ago, idOf(url)]);
      await since(DAY - HOUR);
      await app.get(Recovery).forgetTombstones();
      expect((await head(url)).status).toBe(410);
      await since(DAY + HOUR);
      await app.get(Recovery).forgetTombstones();
      const answer = await head(url);
      expect(answer.status).toBe(404);
      expect(answer.headers).not.toHaveProperty('upload-offset');
    });

    it('EXP-06 no final is made of it: 400 with its position, and nothing is left', async () => {
      await start();
      const [good, bad] = [await partial(app, 'hello'), await partial(app, 'world')];
      await server.overdue(bad);
      const before = await concatenate(app, [good, bad]);
      await server.sweep();
      for (const answer of [before, await concatenate(app, [good, bad])]) {
        expect(answer.status).toBe(400);
        expect(answer.body.toString()).toContain('2');
      }
      expect(await count(app)).toBe(1);
      expect((await head(good)).status).toBe(200);
    });

    it('EXP-06 a final is not returned again for the same list: it is made anew where the partials are there', async () => {
      await start({ expiration: '24h', partials: 'keep' });
      const ranges = [await partial(app, 'hello '), await partial(app, 'world')];
      const first = made(app, await concatenate(app, ranges));
      await server.overdue(first);
      const second = made(app, await concatenate(app, ranges));
      expect(second).not.toBe(first);
      expect((await head(first)).status).toBe(410);
      expect(await content(app, second)).toBe('hello world');
    });

    it('EXP-06 a body in flight is allowed to end, and extends the time', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const running = OpenPatch.begin(url, { offset: 0, contentLength: 4 });
      await running.send('he');
      await server.storage.has(idOf(url), 2);
      await server.overdue(url);
      expect((await head(url)).status).toBe(200);
      await server.sweep();
      await running.send('ll');
      running.end();
      expect(await running.outcome()).toEqual({ status: 204, offset: '4' });
      expectIn((await head(url)).headers, DAY);
      expect((await patch(url, 4, 'o')).status).toBe(204);
      expect(await content(app, url)).toBe('hello');
    });

    it('EXP-06 EXP-04 a body in flight is allowed to end where the time does not slide, and is the last', async () => {
      await start({ expiration: { unfinished: '24h', sliding: false } });
      const url = await create(app.endpoint, NEW);
      const running = OpenPatch.begin(url, { offset: 0, contentLength: 4 });
      await running.send('he');
      await server.storage.has(idOf(url), 2);
      await server.overdue(url);
      await server.sweep();
      expect((await head(url)).status).toBe(200);
      await running.send('ll');
      running.end();
      expect(await running.outcome()).toEqual({ status: 204, offset: '4' });
      await expectGone(url);
    });

    it('EXP-06 one that is completed by a body in flight is complete', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const running = OpenPatch.begin(url, { offset: 0, contentLength: 5 });
      await running.send('he');
      await server.storage.has(idOf(url), 2);
      await server.overdue(url);
      await running.send('llo');
      running.end();
      expect(await running.outcome()).toEqual({ status: 204, offset: '5' });
      await server.sweep();
      expect(await content(app, url)).toBe('hello');
    });
  });

  describe('the sweep', () => {
    const both = async (): Promise<string[]> => {
      const url = made(app, await post(app, NEW, 'hello'));
      const ranges = [await partial(app, 'hello '), await partial(app, 'world')];
      return [url, made(app, await concatenate(app, ranges)), ...ranges];
    };

    it('EXP-05 forgets completed uploads and finals, and leaves their objects where they are', async () => {
      await start({ expiration: '24h' });
      const [url, final, ...ranges] = await both();
      await server.overdue(url!);
      await server.overdue(final!);
      await server.sweep();
      for (const each of [url!, final!, ...ranges]) await expectGone(each);
      expect(await server.place.objects()).toEqual([idOf(url!), idOf(final!)].toSorted());
      expect(String(await server.place.object(idOf(url!)))).toBe('hello');
      expect(String(await server.place.object(idOf(final!)))).toBe('hello world');
      expect(await server.place.leftovers()).toEqual([]);
    });

    it('EXP-05 deletes their objects when it is asked to', async () => {
      await start({ expiration: { unfinished: '24h', completed: '24h', deleteCompleted: true } });
      const [url, final] = await both();
      await server.overdue(url!);
      await server.overdue(final!);
      await server.sweep();
      await expectGone(url!);
      await expectGone(final!);
      expect(await server.place.objects()).toEqual([]);
    });

    it('EXP-05 frees unfinished uploads with their bytes, and nothing of those beside them', async () => {
      await start();
      const [stays, goes] = [made(app, await post(app, NEW, 'he')), made(app, await post(app, NEW, 'he'))];
      await server.overdue(goes);
      await server.sweep();
      const names = await server.place.leftovers();
      expect(names.filter((name) => name.includes(idOf(goes)))).toEqual([]);
      expect(names.some((name) => name.includes(idOf(stays)))).toBe(true);
      expect((await patch(stays, 2, 'llo')).status).toBe(204);
      expect(await content(app, stays)).toBe('hello');
    });

    it('EXP-05 takes all that is overdue in one round, however much it is', async () => {
      await start({ expiration: '24h' });
      const service = app.get(UploadService);
      const lengths = Array.from({ length: 210 }, (_, n) => (n % 2) * 5);
      await Promise.all(lengths.map((length) => service.create({ length })));
      await sql(app, 'UPDATE tus_upload SET expires_at = 1', []);
      await app.get(Recovery).expire();
      expect(await app.get<UploadRepository>(UPLOAD_REPOSITORY).overdue(1)).toEqual([]);
      expect(await server.place.objects()).toHaveLength(105);
    });

    it('EXP-06 frees later what the storage could not free at once; clients see no difference', async () => {
      await start();
      const url = made(app, await post(app, NEW, 'he'));
      await server.overdue(url);
      server.storage.removeFault = new StorageError('unavailable', 'not now');
      await app.get(Recovery).expire();
      await expectGone(url);
      await server.sweep();
      await expectGone(url);
      expect(await server.place.leftovers()).toEqual([]);
    });

    it('EXP-06 EXP-08 and a HEAD or PATCH at the same moment see an upload that is whole or gone, never between', async () => {
      await start();
      const urls = await Promise.all(Array.from({ length: 20 }, () => create(app.endpoint, NEW)));
      const rounds = urls.map(async (url) => {
        const [appended] = await Promise.all([
          patch(url, 0, 'he'),
          sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ? AND upload_offset = 0', [idOf(url)]),
          server.sweep(),
          head(url).then(({ status }) => expect([200, 410]).toContain(status)),
        ]);
        expect([204, 410]).toContain(appended.status);
        await server.sweep();
        const { status, headers } = await head(url);
        expect([status, headers['upload-offset']]).toEqual(
          appended.status === 204 ? [200, '2'] : [410, undefined],
        );
        return appended.status;
      });
      const kept = (await Promise.all(rounds)).filter((status) => status === 204);
      expect(await server.place.leftovers()).toHaveLength(kept.length);
      expect(await count(app)).toBe(kept.length);
    });

    it('EXP-08 leaves partials alone that a merge needs, until it is over', async () => {
      await start({ respondAfter: 0, partials: 'keep' });
      const ranges = [await partial(app, 'hello '), await partial(app, 'world')];
      const merge = gate();
      server.storage.gate = merge.closed;
      const final = made(app, await concatenate(app, ranges));
      for (const url of ranges) await server.overdue(url);
      await server.sweepOnce();
      for (const url of ranges) expect(await head(url)).toMatchObject({ status: 200 });
      merge.open();
      await app.get(Background).idle();
      expect(await content(app, final)).toBe('hello world');
      await server.sweep();
      for (const url of ranges) await expectGone(url);
      expect(await content(app, final)).toBe('hello world');
      expect(await server.place.leftovers()).toEqual([]);
    });

    it('EXP-08 frees partials that a merge needed and that failed', async () => {
      await start({ respondAfter: 0 });
      const ranges = [await partial(app, 'hello '), await partial(app, 'world')];
      const merge = gate();
      server.storage.gate = merge.closed;
      server.storage.concatenateFault = new StorageError('missing', 'lost');
      const final = made(app, await concatenate(app, ranges));
      for (const url of ranges) await server.overdue(url);
      await server.sweepOnce();
      expect((await head(ranges[0]!)).status).toBe(200);
      merge.open();
      await app.get(Background).idle();
      expect((await head(final)).status).toBe(410);
      await server.sweep();
      for (const url of ranges) await expectGone(url);
      expect(await server.place.leftovers()).toEqual([]);
    });
  });
});
