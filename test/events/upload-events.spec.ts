import { afterEach, describe, expect, it } from '@jest/globals';
import { filter, finalize, firstValueFrom, map, mergeMap, Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import { ofType, ofUpload, UploadEvents } from '../../src/index.js';
import type { CompletedUpload, TusModuleOptions, Upload, UploadEvent } from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { CONNECTION } from '../../src/module/engine-providers.js';
import type { DatabaseConnection } from '../../src/repository/typeorm/sql-connection.js';
import { Background } from '../../src/uploads/background.js';
import {
  concatenate,
  idOf,
  made,
  openRequest,
  partial,
  post,
  remove,
  sql,
} from '../protocol-http/support.js';
import { create, patch } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { Log } from './hook-app.js';

const WRONG = { 'upload-checksum': 'sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=' };

describe.each(PLATFORMS)('UploadEvents on %s', (platform) => {
  let app: TusApp;

  afterEach(() => app.stop());

  async function start(tus: Partial<TusModuleOptions> = {}, log?: Log): Promise<UploadEvents> {
    app = await TusApp.start({ platform, tus, ...(log && { nest: { logger: log } }) });
    return app.get(UploadEvents);
  }

  /** What is emitted, as `type id offset`. */
  function heard(events: { subscribe(next: (event: UploadEvent<Upload>) => void): unknown }): string[] {
    const list: string[] = [];
    events.subscribe(({ type, upload: { id, offset } }) => list.push(`${type} ${id} ${offset}`));
    return list;
  }

  const idle = () => app.get(Background).idle();

  it('is a stream of all that happens, in order; each stream has its own kind', async () => {
    const events = await start({ progressInterval: 0 });
    const all = heard(events);
    const kinds = ['created', 'progress', 'completed', 'terminated', 'expired', 'failed'] as const;
    const streams = kinds.map((kind) => heard(events[`${kind}$`]));
    const done = await create(app.endpoint, { 'upload-length': '5' });
    await patch(done, 0, 'he');
    await patch(done, 2, 'llo');
    const deleted = await create(app.endpoint, { 'upload-length': '5' });
    await remove(deleted);
    const old = await create(app.endpoint, { 'upload-length': '5' });
    await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(old)]);
    await app.get(Maintenance).run();
    expect((await post(app, { 'upload-length': '5', ...WRONG }, 'hello')).status).toBe(460);
    const [a, b, c] = [done, deleted, old].map(idOf);
    const d = /^created (\S+) 0$/.exec(all.findLast((line) => line.startsWith('created')) ?? '')?.[1];
    expect(all).toEqual([
      ...[`created ${a} 0`, `progress ${a} 2`, `progress ${a} 5`, `completed ${a} 5`],
      ...[`created ${b} 0`, `terminated ${b} 0`],
      ...[`created ${c} 0`, `expired ${c} 0`],
      ...[`created ${d} 0`, `failed ${d} 0`],
    ]);
    for (const [index, kind] of kinds.entries()) {
      expect(streams[index]).toEqual(all.filter((line) => line.startsWith(`${kind} `)));
    }
  });

  it('emits frozen events, typed by their kind', async () => {
    const events = await start();
    const next = firstValueFrom(events.pipe(ofType('completed')));
    const url = made(app, await post(app, { 'upload-length': '5' }, 'hello'));
    const event = await next;
    const upload: CompletedUpload = event.upload;
    expect(upload).toMatchObject({ id: idOf(url), key: idOf(url), length: 5, state: 'complete' });
    expect([Object.isFrozen(event), Object.isFrozen(upload)]).toEqual([true, true]);
  });

  it('tells why an upload failed', async () => {
    const events = await start({ key: () => 'one key' });
    const failed = firstValueFrom(events.failed$);
    await post(app, { 'upload-length': '5', ...WRONG }, 'hello');
    expect((await failed).reason).toBe('The bytes do not match their checksum; send them again.');
  });

  it('picks kinds, an upload, and an owner', async () => {
    const events = await start({ owner: (context) => context.header('x-user'), progressInterval: 0 });
    const mine = heard(events.pipe(ofUpload({ owner: 'ada' })));
    const nobodys = heard(events.created$.pipe(ofUpload({ owner: null })));
    const ended = heard(events.pipe(ofType('completed', 'terminated')));
    const ada = await create(app.endpoint, { 'upload-length': '5', 'x-user': 'ada' });
    const one = heard(events.pipe(ofUpload({ id: idOf(ada) }), ofType('completed')));
    const none = await create(app.endpoint, { 'upload-length': '1' });
    await patch(ada, 0, 'hello', { 'x-user': 'ada' });
    await remove(none);
    const [a, n] = [ada, none].map(idOf);
    expect(mine).toEqual([`created ${a} 0`, `progress ${a} 5`, `completed ${a} 5`]);
    expect(nobodys).toEqual([`created ${n} 0`]);
    expect(ended).toEqual([`completed ${a} 5`, `terminated ${n} 0`]);
    expect(one).toEqual([`completed ${a} 5`]);
  });

  it('CON-05 tells of partials only where that was asked for', async () => {
    const events = await start({ progressInterval: 0 });
    const without = heard(events);
    const all = events.with({ includePartials: true });
    const streams = [heard(all), heard(all.created$), heard(all.completed$)];
    const last = await create(app.endpoint, { 'upload-length': '3', 'upload-concat': 'partial' });
    const final = made(app, await concatenate(app, [await partial(app, 'he'), last]));
    await patch(last, 0, 'llo');
    await idle();
    const [l, f] = [last, final].map(idOf);
    const [first] = (streams[2] ?? []).map((line) => line.split(' ')[1]);
    expect(without).toEqual([`created ${f} 0`, `completed ${f} 5`]);
    const ofPartial = [`created ${first} 0`, `progress ${first} 2`, `completed ${first} 2`];
    const ofLast = [`progress ${l} 3`, `completed ${l} 3`];
    expect(streams).toEqual([
      [`created ${l} 0`, ...ofPartial, `created ${f} 0`, ...ofLast, `completed ${f} 5`],
      [`created ${l} 0`, `created ${first} 0`, `created ${f} 0`],
      [`completed ${first} 2`, `completed ${l} 3`, `completed ${f} 5`],
    ]);
  });

  it('tells the first progress and the last one, and holds back what comes too soon', async () => {
    const events = await start({ progressInterval: 3_600_000 });
    const progress = heard(events.progress$);
    const url = await create(app.endpoint, { 'upload-length': '5' });
    for (const [offset, byte] of [...'hello'].entries()) await patch(url, offset, byte);
    expect(progress).toEqual([`progress ${idOf(url)} 1`, `progress ${idOf(url)} 5`]);
  });

  it('tells of what is held back at the end of the application, and completes', async () => {
    const events = await start({ progressInterval: 3_600_000 });
    const progress = heard(events.progress$);
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'h');
    await patch(url, 1, 'e');
    let ended = 0;
    const streams: Observable<UploadEvent<Upload>>[] = [events, events.created$];
    streams.push(events.with({ includePartials: true }).failed$);
    for (const stream of streams) stream.subscribe({ complete: () => ended++ });
    await app.nest.close();
    expect(progress).toEqual([`progress ${idOf(url)} 1`, `progress ${idOf(url)} 2`]);
    expect(ended).toBe(3);
  });

  it('makes no event that nobody hears', async () => {
    const events = await start();
    const progress = events.progress$.subscribe();
    expect([events.wants('progress'), events.wants('created')]).toEqual([true, false]);
    progress.unsubscribe();
    const all = events.pipe(ofType('failed')).subscribe();
    expect([events.wants('progress'), events.wants('created')]).toEqual([true, true]);
    all.unsubscribe();
    expect([events.wants('progress'), events.wants('created')]).toEqual([false, false]);
  });

  it('tells how far a PATCH is while it runs, to who subscribes in its middle, too', async () => {
    const events = await start({ progressInterval: 0 });
    const size = 3 * 1024 * 1024;
    const url = await create(app.endpoint, { 'upload-length': String(2 * size) });
    const open = openRequest('PATCH', url, {
      ...{ 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
      'content-length': String(2 * size),
    });
    await open.send('x'.repeat(size));
    const next = firstValueFrom(events.progress$);
    await open.send('x'.repeat(size - 1));
    const { upload } = await next;
    expect(upload).toMatchObject({ id: idOf(url), length: 2 * size, state: 'open' });
    expect(upload.offset).toBeLessThan(2 * size);
    await open.send('x');
    expect(await open.answered).toBe(204);
  });

  describe('subscribers that fail', () => {
    const failing = (): never => {
      throw new Error('no good');
    };
    const subscriptions: [string, (events: UploadEvents) => unknown][] = [
      ['throw', (events) => events.subscribe(failing)],
      ['throw in a stream', (events) => events.completed$.subscribe({ next: failing })],
      ['reject', (events) => events.subscribe(() => Promise.reject(new Error('no good')))],
      ['throw in an operator', (events) => events.completed$.pipe(map(failing)).subscribe()],
      [
        'reject behind operators',
        (events) =>
          events
            .pipe(
              filter(({ type }) => type === 'completed'),
              mergeMap(async () => failing()),
            )
            .subscribe(() => undefined),
      ],
      ['throw about an error', (events) => events.pipe(map(failing)).subscribe({ error: failing })],
      [
        'throw as a subject',
        (events) => {
          const subject = new Subject<unknown>();
          events.subscribe(subject);
          subject.error(new Error('ended'));
        },
      ],
      ['throw at the end', (events) => events.subscribe({ complete: failing })],
      ['throw as they end', (events) => events.completed$.pipe(finalize(failing)).subscribe()],
      ['throw as they end, of all', (events) => events.pipe(finalize(failing)).subscribe()],
    ];

    it.each(subscriptions)(
      'that %s are logged, and hurt neither uploads nor others',
      async (name, subscribe) => {
        const log = new Log();
        const events = await start({}, log);
        const before = heard(events.completed$);
        subscribe(events);
        const after = heard(events.completed$);
        const ended: string[] = [];
        for (const stream of [events.completed$, events])
          stream.subscribe({ complete: () => ended.push('ended') });
        const urls: string[] = [];
        for (const bytes of ['hello', 'world']) {
          urls.push(made(app, await post(app, { 'upload-length': '5' }, bytes)));
        }
        await idle();
        await app.nest.close();
        const lines = urls.map((url) => `completed ${idOf(url)} 5`);
        expect([before, after]).toEqual([lines, lines]);
        expect(ended).toEqual(['ended', 'ended']);
        const connection = app.get<DatabaseConnection>(CONNECTION);
        await expect(connection.query('SELECT 1')).rejects.toThrow();
        for (const line of log.errors)
          expect(line).toBe('A subscriber of UploadEvents failed; uploads and others go on');
        if (name !== 'throw as a subject') expect(log.errors.length).toBeGreaterThan(0);
      },
    );

    it('an error that the subscriber handles is its own', async () => {
      const log = new Log();
      const events = await start({}, log);
      const errors: unknown[] = [];
      events.completed$.pipe(map(failing)).subscribe({ error: (error) => errors.push(error) });
      await post(app, { 'upload-length': '5' }, 'hello');
      expect([errors, log.errors]).toEqual([[new Error('no good')], []]);
    });
  });
});
