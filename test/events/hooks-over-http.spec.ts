import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConflictException, ForbiddenException, HttpException, Injectable } from '@nestjs/common';
import { TusHooks, UploadNotFoundError, UploadRefusedError, UploadService } from '../../src/index.js';
import type {
  CreationChanges,
  OnUploadCreate,
  RequestContext,
  Upload,
  UploadProposal,
} from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import {
  concatenate,
  content,
  count,
  gate,
  idOf,
  made,
  openRequest,
  partial,
  post,
  remove,
  sql,
} from '../protocol-http/support.js';
import { create, head, patch } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import type { TusApp } from '../support/tus-app.js';
import { Log, startWithHooks, Told, userOf } from './hook-app.js';
import type { HookApp } from './hook-app.js';

const NAME = 'filename YS50eHQ='; // a.txt
const ORIGIN = { origin: 'https://app.example' };

describe.each(PLATFORMS)('hooks on %s', (platform) => {
  let app: TusApp;

  afterEach(() => app.stop());

  async function start(options: HookApp): Promise<void> {
    app = await startWithHooks({ platform, ...options });
  }

  /** A hook that refuses, or changes, as the test says. */
  function creating(
    decide: (upload: UploadProposal, context: RequestContext | undefined) => CreationChanges | void,
  ) {
    const asked: UploadProposal[] = [];
    const hook: OnUploadCreate = {
      onUploadCreate: async (upload, context) => {
        asked.push(upload);
        return decide(upload, context);
      },
    };
    return { asked, hook };
  }

  describe('OnUploadCreate', () => {
    it('is asked with what is about to be made, and by which user', async () => {
      const users: unknown[] = [];
      const { asked, hook } = creating((_, context) => void users.push(userOf(context)));
      await start({ hooks: [hook] });
      const headers = { 'upload-length': '5', 'upload-metadata': NAME, 'x-user': 'ada' };
      const url = await create(app.endpoint, headers);
      expect(asked).toMatchObject([
        { id: idOf(url), key: idOf(url), kind: 'single', length: 5, rawMetadata: NAME, storage: 'default' },
      ]);
      expect(asked[0]?.metadata.get('filename')).toBe('a.txt');
      expect(users).toEqual(['ada']);
    });

    it.each([
      ['an HttpException', () => new ForbiddenException('Not you.'), 403, 'Not you.'],
      ['an UploadRefusedError', () => new UploadRefusedError('No room.', { status: 413 }), 413, 'No room.'],
      ['an error of UploadService', () => new UploadNotFoundError(), 500, 'Internal server error'],
      [
        'an HttpException that is no refusal',
        () => new HttpException('Fine.', 200),
        500,
        'Internal server error',
      ],
      ['any other error', () => new Error('the directory is away'), 500, 'Internal server error'],
    ])(
      'that throws %s refuses: the client is told, and nothing is stored',
      async (_, error, status, message) => {
        const { hook } = creating(() => {
          throw error();
        });
        await start({ hooks: [hook] });
        const answer = await post(app, { 'upload-length': '5', ...ORIGIN }, 'hello');
        expect(answer).toMatchObject({
          status,
          headers: { 'tus-resumable': '1.0.0', 'access-control-allow-origin': '*' },
        });
        expect(JSON.parse(answer.body.toString())).toMatchObject({ message });
        expect(await count(app)).toBe(0);
        expect(await readdir(app.directory)).toEqual(['.tus']);
      },
    );

    it('changes metadata and key', async () => {
      const { hook } = creating(({ id }) => ({ metadata: { by: 'hook' }, key: `videos/${id}` }));
      await start({ hooks: [hook] });
      const url = made(app, await post(app, { 'upload-length': '5', 'upload-metadata': NAME }, 'hello'));
      expect((await head(url)).headers).toMatchObject({ 'upload-metadata': 'by aG9vaw==' });
      expect(await content(app, url)).toBe('hello');
      expect(await readdir(`${app.directory}/videos`)).toEqual([idOf(url)]);
    });

    it('sees what the hooks before it have made of it', async () => {
      const first = creating(() => ({ metadata: { step: 'one' } }));
      const second = creating(({ metadata }) => ({ key: `${metadata.get('step')}.bin` }));
      await start({ hooks: [first.hook, second.hook] });
      await create(app.endpoint, { 'upload-length': '0' });
      expect(second.asked[0]?.rawMetadata).toBe('step b25l');
      expect(await readdir(app.directory)).toEqual(['.tus', 'one.bin']);
    });

    it.each([
      ['a key that the storage cannot hold', { key: '../out' }, 400],
      ['a key that is no text', { key: 7 as unknown as string }, 500],
      ['metadata that no header can carry', { metadata: { 'a b': 'c' } }, 500],
    ])('cannot return %s: nothing is stored', async (_, changes, status) => {
      const { hook } = creating(() => changes);
      await start({ hooks: [hook] });
      expect((await post(app, { 'upload-length': '5' }, 'hello')).status).toBe(status);
      expect(await count(app)).toBe(0);
    });

    it('is asked for a final, whose repeated POST finds the same one (CON-30)', async () => {
      let n = 0;
      const { asked, hook } = creating(() => ({ metadata: { time: String(n++) } }));
      await start({ hooks: [hook] });
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      const first = made(app, await concatenate(app, list));
      expect(made(app, await concatenate(app, list))).toBe(first);
      expect(asked.map(({ kind }) => kind)).toEqual(['final', 'final']);
      expect((await head(first)).headers).toMatchObject({ 'upload-metadata': 'time MA==' });
    });

    it('is asked for partials only where that was asked for, and they have no key', async () => {
      const { asked, hook } = creating(({ id }) => ({ key: `videos/${id}` }));
      @TusHooks({ includePartials: true })
      @Injectable()
      class Quota implements OnUploadCreate {
        readonly asked: UploadProposal[] = [];
        onUploadCreate(upload: UploadProposal): CreationChanges {
          this.asked.push(upload);
          return { key: 'no key' };
        }
      }
      await start({ hooks: [hook], providers: [Quota] });
      const url = await partial(app, 'hello');
      expect(asked).toEqual([]);
      expect(app.get(Quota).asked).toMatchObject([{ id: idOf(url), kind: 'partial', key: null }]);
    });

    it('that refuses a final leaves its partials as they are: they can be merged later', async () => {
      const { hook } = creating(({ kind }) => {
        if (kind === 'final' && refuses) throw new ForbiddenException('Not now.');
      });
      let refuses = true;
      await start({ hooks: [hook] });
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      expect((await concatenate(app, list)).status).toBe(403);
      expect(await count(app)).toBe(2);
      refuses = false;
      expect(await content(app, made(app, await concatenate(app, list)))).toBe('hello');
      refuses = true;
      const pinned = await partial(app, 'hello');
      expect((await concatenate(app, [pinned])).status).toBe(403);
      expect((await remove(pinned)).status).toBe(204);
    });

    it('is asked without a context by calls of the application', async () => {
      const contexts: unknown[] = [];
      const { hook } = creating((_, context) => void contexts.push(context));
      await start({ hooks: [hook] });
      await app.get(UploadService).create({ length: 1 });
      expect(contexts).toEqual([undefined]);
    });
  });

  describe('OnUploadTerminate', () => {
    it('is asked about the upload, by which user, and lets it be deleted', async () => {
      const asked: [string, unknown][] = [];
      const onUploadTerminate = ({ id }: Upload, context: RequestContext | undefined) =>
        void asked.push([id, userOf(context)]);
      await start({ hooks: [{ onUploadTerminate }] });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      expect((await remove(url, { 'x-user': 'ada' })).status).toBe(204);
      expect(asked).toEqual([[idOf(url), 'ada']]);
      expect((await remove(url)).status).toBe(404);
      expect(asked).toHaveLength(1);
    });

    it('is asked without a context by calls of the application', async () => {
      const contexts: unknown[] = [];
      await start({
        hooks: [{ onUploadTerminate: (_: Upload, context: unknown) => void contexts.push(context) }],
      });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      await app.get(UploadService).terminate(idOf(url));
      expect(contexts).toEqual([undefined]);
    });

    it('is asked about partials only where that was asked for', async () => {
      const asked: string[] = [];
      @TusHooks({ includePartials: true })
      @Injectable()
      class Register {
        onUploadTerminate({ id }: Upload): void {
          asked.push(id);
          throw new ConflictException();
        }
      }
      const refusing = { onUploadTerminate: () => Promise.reject(new Error('not for partials')) };
      await start({ hooks: [refusing], providers: [Register] });
      const url = await partial(app, 'hello');
      expect((await remove(url)).status).toBe(409);
      expect(asked).toEqual([idOf(url)]);
    });

    it.each([
      ['an HttpException', () => new ConflictException('It is on hold.'), 409],
      ['an error of UploadService', () => new UploadNotFoundError(), 500],
      ['any other error', () => new Error('the register is away'), 500],
    ])('that throws %s forbids it: a running writer goes on', async (_, error, status) => {
      const onUploadTerminate = () => Promise.reject(error());
      await start({ hooks: [{ onUploadTerminate }] });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const open = openRequest('PATCH', url, {
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
        'content-length': '5',
      });
      await open.send('he');
      const answer = await remove(url, ORIGIN);
      expect(answer).toMatchObject({
        status,
        headers: { 'tus-resumable': '1.0.0', 'access-control-allow-origin': '*' },
      });
      await open.send('llo');
      expect(await open.answered).toBe(204);
      expect(await content(app, url)).toBe('hello');
    });
  });

  describe('OnUploadTerminated, OnUploadExpire and OnUploadProgress', () => {
    const failing = () => {
      throw new Error('not today');
    };

    it('are told what happened, and of nobody’s partials', async () => {
      const [terminated, expired, progress] = [new Told(), new Told(), new Told()];
      const hook = {
        onUploadTerminated: terminated.hear,
        onUploadExpire: expired.hear,
        onUploadProgress: progress.hear,
      };
      await start({ hooks: [hook], tus: { progressInterval: 0 } });
      await remove(await partial(app, 'hello'));
      const deleted = await create(app.endpoint, { 'upload-length': '5' });
      const gone = terminated.next();
      await patch(deleted, 0, 'he');
      await remove(deleted);
      expect(await gone).toMatchObject({ id: idOf(deleted), offset: 2, state: 'terminating' });
      const old = await create(app.endpoint, { 'upload-length': '5' });
      const over = expired.next();
      await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(old)]);
      await app.get(Maintenance).run();
      expect(await over).toMatchObject({ id: idOf(old), state: 'terminating' });
      expect(terminated.ids).toEqual([idOf(deleted)]);
      expect(new Set(progress.ids)).toEqual(new Set([idOf(deleted)]));
      expect(progress.list.at(-1)).toMatchObject({ offset: 2, length: 5, state: 'open' });
    });

    it('are told of partials where that was asked for', async () => {
      const lines: string[] = [];
      const expired = new Told();
      @TusHooks({ includePartials: true })
      @Injectable()
      class Journal {
        onUploadProgress = ({ id }: Upload) => void lines.push(`progress ${id}`);
        onUploadTerminated = ({ id }: Upload) => void lines.push(`terminated ${id}`);
        onUploadExpire = expired.hear;
      }
      await start({ providers: [Journal], tus: { progressInterval: 0 } });
      const [deleted, old] = [await partial(app, 'hello'), await partial(app, 'world')];
      const over = expired.next();
      await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(old)]);
      await app.get(Maintenance).run();
      expect(await over).toMatchObject({ id: idOf(old), kind: 'partial' });
      await remove(deleted);
      expect(lines).toEqual([
        ...[deleted, old].map((url) => `progress ${idOf(url)}`),
        `terminated ${idOf(deleted)}`,
      ]);
    });

    it('OnUploadExpire is told of a complete upload, too', async () => {
      const expired = new Told();
      await start({ hooks: [{ onUploadExpire: expired.hear }], tus: { expiration: { completed: '1h' } } });
      const url = made(app, await post(app, { 'upload-length': '5' }, 'hello'));
      const over = expired.next();
      await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(url)]);
      await app.get(Maintenance).run();
      expect(await over).toMatchObject({ id: idOf(url), offset: 5, length: 5, key: idOf(url) });
    });

    it('that throw are logged, and change nothing for clients', async () => {
      const log = new Log();
      const hook = { onUploadTerminated: failing, onUploadExpire: failing, onUploadProgress: failing };
      const [terminated, expired] = [new Told(), new Told()];
      const next = { onUploadTerminated: terminated.hear, onUploadExpire: expired.hear };
      await start({ hooks: [hook, next], log, tus: { progressInterval: 0 } });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const told = terminated.next();
      expect((await patch(url, 0, 'he')).status).toBe(204);
      expect((await remove(url)).status).toBe(204);
      await told;
      const old = await create(app.endpoint, { 'upload-length': '5' });
      const over = expired.next();
      await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(old)]);
      await app.get(Maintenance).run();
      await over;
      expect((await head(old)).status).toBe(410);
      expect(log.errors).toEqual([
        `onUploadProgress of hook-0 failed for ${idOf(url)}`,
        `onUploadTerminated of hook-0 failed for ${idOf(url)}`,
        `onUploadExpire of hook-0 failed for ${idOf(old)}`,
      ]);
    });

    it('that never return keep nobody waiting', async () => {
      const { closed, open } = gate();
      const hangs = () => closed;
      const told = new Told();
      const hook = { onUploadTerminated: hangs, onUploadProgress: hangs };
      await start({ hooks: [hook, { onUploadTerminated: told.hear }], tus: { progressInterval: 0 } });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      expect((await patch(url, 0, 'he')).status).toBe(204);
      expect((await patch(url, 2, 'l')).status).toBe(204);
      const next = told.next();
      expect((await remove(url)).status).toBe(204);
      expect((await next).offset).toBe(3);
      // For the end of the application, which waits for them.
      open();
    });
  });
});
