import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Background } from '../../src/uploads/background.js';
import { create, head, patch, tus } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TusApp, TusAppOptions } from '../support/tus-app.js';
import { DAY, expectIn, ExpiringApp, HOUR, NEW, PARTIAL } from './expiring-app.js';
import {
  BYTES,
  concatenate,
  content,
  count,
  gate,
  idOf,
  made,
  options,
  partial,
  post,
  sql,
} from './support.js';

overStorages('expiration', 'expiration', (on) => {
  let server: ExpiringApp;
  let app: TusApp;

  const start = async (tusOptions: NonNullable<TusAppOptions['tus']> = {}): Promise<void> => {
    server = await ExpiringApp.start(on, tusOptions);
    app = server.tus;
  };
  afterEach(() => server.stop());

  describe('the extension', () => {
    it('EXP-01 is listed by default: what is not completed in a day may be removed', async () => {
      await start();
      expect((await options(app.endpoint)).headers['tus-extension']).toContain('expiration');
      expectIn((await head(await create(app.endpoint, NEW))).headers, DAY);
    });

    it.each([
      [{ expiration: false }],
      [{ expiration: { unfinished: false } }],
      [{ extensions: ['creation', 'creation-with-upload', 'concatenation', 'termination'] }],
    ] as NonNullable<TusAppOptions['tus']>[][])(
      'EXP-01 with %j it is not listed, and nothing expires or says so',
      async (tusOptions) => {
        await start(tusOptions);
        expect((await options(app.endpoint)).headers['tus-extension']).not.toContain('expiration');
        const created = await post(app, NEW, 'he');
        const url = made(app, created);
        const done = await partial(app, 'hello');
        const final = await concatenate(app, [done]);
        const appended = await patch(url, 2, 'l');
        const asked = await Promise.all([url, done, made(app, final)].map(head));
        for (const { status, headers } of [created, appended, final, ...asked]) {
          expect([200, 201, 204]).toContain(status);
          expect(headers).not.toHaveProperty('upload-expires');
        }
        await sql(app, 'UPDATE tus_upload SET created_at = 0, updated_at = ?', [Date.now() - 400 * DAY]);
        await server.sweep();
        expect((await patch(url, 3, 'lo')).status).toBe(204);
        expect(await count(app)).toBe(3);
      },
    );
  });

  describe('Upload-Expires', () => {
    it('EXP-02 EXP-03 stands in every 201, 204 and HEAD of an upload that expires, as a date of HTTP', async () => {
      await start({ expiration: '12h' });
      const created = [
        await post(app, NEW),
        await post(app, NEW, 'he'),
        await post(app, { 'upload-defer-length': '1' }),
        await post(app, PARTIAL, 'he'),
        await post(app, NEW, 'hello'),
        await post(app, { 'upload-length': '0' }),
      ];
      for (const { headers } of created) expectIn(headers, 12 * HOUR);
      for (const answer of created.slice(1, 4)) {
        const url = made(app, answer);
        const { headers } = await patch(url, Number(answer.headers['upload-offset']), 'l');
        expectIn(headers, 12 * HOUR);
        expect((await head(url)).headers['upload-expires']).toBe(headers['upload-expires']);
      }
      const completed = await patch(made(app, created[0]!), 0, 'hello');
      expectIn(completed.headers, 12 * HOUR);
      const final = await concatenate(app, [await partial(app, 'hello')]);
      expectIn(final.headers, 12 * HOUR);
      expect((await head(made(app, final))).headers['upload-expires']).toBe(final.headers['upload-expires']);
    });

    it('EXP-02 stands in a 409 for a wrong offset, with the right one', async () => {
      await start();
      const url = made(app, await post(app, NEW, 'he'));
      const { headers } = await head(url);
      for (const offset of [0, 3]) {
        const answer = await patch(url, offset, 'l');
        expect(answer).toMatchObject({ status: 409, headers: { 'upload-offset': '2' } });
        expect(answer.headers['upload-expires']).toBe(headers['upload-expires']);
      }
    });

    it('EXP-02 stands in the 423 of a writer that had to give way', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const writer = request(url, {
        method: 'PATCH',
        agent: false,
        headers: tus({ ...BYTES, 'upload-offset': '0', 'content-length': '5' }),
      });
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        writer.on('response', resolve);
        writer.on('error', reject);
      });
      writer.write('he');
      await server.storage.has(idOf(url), 2);
      expect((await patch(url, 2, 'l')).status).toBe(204);
      const { statusCode, headers } = await answered;
      writer.destroy();
      expect(statusCode).toBe(423);
      expectIn(headers, DAY);
    });

    it('EXP-02 stands in no refusal of an upload that never expires', async () => {
      await start({ expiration: { unfinished: '1h' } });
      const url = made(app, await post(app, NEW, 'hello'));
      const answer = await patch(url, 2, '');
      expect(answer.status).toBe(409);
      expect(answer.headers).not.toHaveProperty('upload-expires');
    });
  });

  describe('the time', () => {
    it('EXP-04 begins anew with each stored byte, and only with those', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      await server.endIn(url, HOUR);
      expectIn((await patch(url, 0, '')).headers, HOUR);
      expect((await patch(url, 1, 'x')).status).toBe(409);
      expectIn((await head(url)).headers, HOUR);
      expectIn((await patch(url, 0, 'he')).headers, DAY);
      expectIn((await head(url)).headers, DAY);
    });

    it('EXP-04 is never shortened', async () => {
      await start();
      for (const headers of [NEW, PARTIAL]) {
        const url = await create(app.endpoint, headers);
        await server.endIn(url, 3 * DAY);
        expectIn((await patch(url, 0, 'he')).headers, 3 * DAY);
        expectIn((await head(url)).headers, 3 * DAY);
      }
      const whole = await create(app.endpoint, PARTIAL);
      await server.endIn(whole, 3 * DAY);
      expectIn((await patch(whole, 0, 'hello')).headers, 3 * DAY);
    });

    it('EXP-04 stays as it was at the creation where it does not slide', async () => {
      await start({ expiration: { unfinished: '24h', sliding: false } });
      for (const headers of [NEW, PARTIAL]) {
        const url = await create(app.endpoint, headers);
        await server.endIn(url, HOUR);
        expectIn((await patch(url, 0, 'he')).headers, HOUR);
      }
    });

    it('EXP-05 of an unfinished upload leaves completed ones alone: what completes one has no Upload-Expires', async () => {
      await start({ expiration: { unfinished: '24h' } });
      const url = await create(app.endpoint, NEW);
      const ranges = [await partial(app, 'hello'), await partial(app, 'world')];
      const completing = [
        await patch(url, 0, 'hello'),
        await post(app, NEW, 'hello'),
        await concatenate(app, ranges),
      ];
      const urls = [url, ...completing.slice(1).map((answer) => made(app, answer))];
      for (const { headers } of [...completing, ...(await Promise.all(urls.map(head)))]) {
        expect(headers).not.toHaveProperty('upload-expires');
      }
      await sql(app, 'UPDATE tus_upload SET created_at = 0, completed_at = 1, updated_at = 1', []);
      await server.sweep();
      for (const each of urls) expect((await head(each)).status).toBe(200);
      expect(await server.place.objects()).toHaveLength(3);
    });

    it('EXP-05 of a complete partial is that of an unfinished upload', async () => {
      await start({ expiration: { unfinished: '24h', completed: '1h' } });
      const answer = await post(app, PARTIAL, 'hello');
      expectIn(answer.headers, DAY);
      const url = made(app, answer);
      await server.overdue(url);
      await server.sweep();
      expect((await head(url)).status).toBe(410);
      expect(await server.place.leftovers()).toEqual([]);
    });

    it('EXP-05 of a completed upload counts from its completion', async () => {
      await start({ expiration: { unfinished: '1h', completed: '48h' } });
      const url = await create(app.endpoint, NEW);
      expectIn((await head(url)).headers, HOUR);
      expectIn((await patch(url, 0, 'hello')).headers, 2 * DAY);
      const range = await partial(app, 'hello');
      await server.endIn(range, 60_000);
      expectIn((await concatenate(app, [range])).headers, 2 * DAY);
    });

    it.each([
      ['24h', DAY],
      [{ unfinished: '24h' }, undefined],
    ] as const)(
      'EXP-05 of a final that is still being merged is that of its completion, or none: %j',
      async (expiration, time) => {
        await start({ expiration, respondAfter: 0 });
        const merge = gate();
        server.storage.gate = merge.closed;
        const answer = await concatenate(app, [await partial(app, 'hello')]);
        expect(answer.headers).not.toHaveProperty('upload-offset');
        if (time === undefined) expect(answer.headers).not.toHaveProperty('upload-expires');
        else expectIn(answer.headers, time);
        merge.open();
        await app.get(Background).idle();
        expect(await content(app, made(app, answer))).toBe('hello');
      },
    );
  });
});
