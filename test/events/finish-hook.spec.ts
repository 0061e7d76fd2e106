import { readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import { UploadEvents, UploadRefusedError, UploadService } from '../../src/index.js';
import type {
  FinishAnswer,
  FinishContext,
  FinishedUpload,
  OnUploadComplete,
  OnUploadFinish,
} from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { Background } from '../../src/uploads/background.js';
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
} from '../protocol-http/support.js';
import { create, head, patch } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import type { TusApp } from '../support/tus-app.js';
import { Log, startWithHooks, Told, userOf } from './hook-app.js';
import type { HookApp } from './hook-app.js';

type Decide = (
  upload: FinishedUpload,
  context: FinishContext,
) => FinishAnswer | void | Promise<FinishAnswer | void>;

/** Answers as the test says, and remembers what it was asked. */
class Verifier implements OnUploadFinish {
  readonly asked: string[] = [];
  constructor(public decide: Decide = () => undefined) {}

  async onUploadFinish(upload: FinishedUpload, context: FinishContext): Promise<FinishAnswer | void> {
    this.asked.push(upload.id);
    return this.decide(upload, context);
  }
}

const CORS = { 'access-control-allow-origin': '*', 'tus-resumable': '1.0.0' };
const ORIGIN = { origin: 'https://app.example' };

describe.each(PLATFORMS)('OnUploadFinish on %s', (platform) => {
  let app: TusApp;

  afterEach(() => app.stop());

  async function start(hook: object, options: HookApp = {}): Promise<void> {
    app = await startWithHooks({ platform, hooks: [hook], ...options });
  }

  const begun = () => create(app.endpoint, { 'upload-length': '5' });
  /** Until nothing is going on in the background. */
  const idle = () => app.get(Background).idle();
  const objects = async () => (await readdir(app.directory)).filter((name) => name !== '.tus');

  describe('before the client is answered', () => {
    it('can read the bytes, and sees who sent them; the upload is not complete yet', async () => {
      const completed = new Told();
      const seen: unknown[] = [];
      const verifier = new Verifier(async (upload, { request, read }) => {
        const { offset, length, state, key, completedAt } = upload;
        seen.push({ offset, length, state, key, completedAt });
        seen.push(userOf(request), await text(await read()), await text(await read({ start: 1, end: 2 })));
        seen.push((await head(url)).headers['upload-offset'], completed.ids);
      });
      await start(verifier);
      app.get(UploadEvents).completed$.subscribe(({ upload }) => completed.hear(upload));
      const url = await begun();
      await patch(url, 0, 'he');
      expect((await patch(url, 2, 'llo', { 'x-user': 'ada' })).status).toBe(204);
      const key = idOf(url);
      expect(seen).toEqual([
        { offset: 5, length: 5, state: 'finishing', key, completedAt: null },
        ...['ada', 'hello', 'el'],
        ...['2', []],
      ]);
      expect(completed.ids).toEqual([key]);
      expect((await head(url)).headers['upload-offset']).toBe('5');
    });

    it('adds headers to a PATCH, but none of tus and none that cannot be sent', async () => {
      const log = new Log();
      const headers = { 'X-Scan': 'clean', 'Upload-Offset': '99', 'content-length': '7', 'X-Bad': 'a\nb' };
      await start(new Verifier(() => ({ headers })), { log });
      const answer = await patch(await begun(), 0, 'hello');
      expect(answer).toMatchObject({ status: 204, headers: { 'x-scan': 'clean', 'upload-offset': '5' } });
      expect(answer.headers).not.toHaveProperty('x-bad');
      expect(log.errors).toEqual(['OnUploadFinish returned a header that cannot be sent; it is left out']);
    });

    it.each([
      ['an object', { video: 7 }, '{"video":7}', 'application/json; charset=utf-8'],
      ['a text', 'thanks', 'thanks', 'text/plain; charset=utf-8'],
      ['bytes', Buffer.from('thanks'), 'thanks', 'application/octet-stream'],
    ])('gives a body: %s', async (_, body, sent, type) => {
      await start(new Verifier(() => ({ body })));
      const answers = [
        await patch(await begun(), 0, 'hello'),
        await post(app, { 'upload-length': '5' }, 'hello'),
        await post(app, { 'upload-length': '0' }),
        await concatenate(app, [await partial(app, 'hello')]),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 201]);
      for (const answer of answers) {
        expect(answer.body.toString()).toBe(sent);
        expect(answer.headers).toMatchObject({
          'content-type': type,
          'content-length': String(sent.length),
          'upload-offset': expect.stringMatching(/^[05]$/) as unknown,
        });
      }
    });

    it('answers with what all hooks say, the later ones over the earlier ones', async () => {
      const first = new Verifier(() => ({ headers: { 'X-A': '1', 'X-B': '1' }, body: 'first' }));
      const second = new Verifier(() => ({ headers: { 'X-B': '2', 'Content-Type': 'text/html' } }));
      await start({}, { hooks: [first, second, new Verifier()] });
      const answer = await patch(await begun(), 0, 'hello');
      expect(answer.headers).toMatchObject({ 'x-a': '1', 'x-b': '2', 'content-type': 'text/html' });
      expect(answer.body.toString()).toBe('first');
    });

    it('is never called for a partial, and for a final once', async () => {
      const verifier = new Verifier();
      await start(verifier);
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      expect(verifier.asked).toEqual([]);
      const final = made(app, await concatenate(app, list));
      made(app, await concatenate(app, list));
      expect(verifier.asked).toEqual([idOf(final)]);
    });

    it('is called for a final that waited, which the last PATCH of a partial does not answer for', async () => {
      const contexts: unknown[] = [];
      const verifier = new Verifier((_, { request }) => {
        contexts.push(request);
        return { headers: { 'X-Scan': 'clean' } };
      });
      await start(verifier);
      const last = await create(app.endpoint, { 'upload-length': '5', 'upload-concat': 'partial' });
      const final = made(app, await concatenate(app, [last]));
      const answer = await patch(last, 0, 'hello');
      expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      expect(answer.headers).not.toHaveProperty('x-scan');
      await idle();
      expect([verifier.asked, contexts]).toEqual([[idOf(final)], [undefined]]);
      expect(await content(app, final)).toBe('hello');
    });

    it('is not called again for a client that has lost the answer', async () => {
      const verifier = new Verifier();
      await start(verifier);
      const url = await begun();
      await patch(url, 0, 'hello');
      expect((await patch(url, 0, 'hello')).status).toBe(409);
      expect((await patch(url, 5, '')).status).toBe(204);
      await app.get(Maintenance).run();
      expect(verifier.asked).toEqual([idOf(url)]);
    });
  });

  describe('that refuses for good', () => {
    it.each([
      ['a 4xx of Nest', () => new UnprocessableEntityException('A virus.'), 422],
      ['UploadRefusedError', () => new UploadRefusedError('A virus.'), 422],
      ['UploadRefusedError with a status', () => new UploadRefusedError('Later.', { status: 503 }), 503],
    ])('by %s removes the upload, and its object', async (_, error, status) => {
      const verifier = new Verifier(() => Promise.reject(error()));
      await start(verifier, { tus: { cors: true, key: () => 'the key' } });
      const failed = firstValueFrom(app.get(UploadEvents).failed$);
      const url = await begun();
      const answer = await patch(url, 0, 'hello', ORIGIN);
      expect(answer).toMatchObject({ status, headers: CORS });
      expect(JSON.parse(answer.body.toString())).toMatchObject({ message: error().message });
      expect((await head(url)).status).toBe(410);
      expect(await failed).toMatchObject({
        ...{ type: 'failed', reason: error().message, upload: { id: idOf(url), state: 'failed' } },
      });
      await idle();
      expect(await objects()).toEqual([]);
      expect((await patch(url, 0, 'hello')).status).toBe(410);
      expect(verifier.asked).toEqual([idOf(url)]);
      verifier.decide = () => undefined;
      expect(await content(app, made(app, await post(app, { 'upload-length': '2' }, 'ok')))).toBe('ok');
    });

    it.each(['hello', ''])('leaves nothing of a POST with all bytes behind (%j)', async (bytes) => {
      await start(new Verifier(() => Promise.reject(new BadRequestException())));
      const headers = { 'upload-length': String(bytes.length), ...ORIGIN };
      const answer = await post(app, headers, bytes === '' ? undefined : bytes);
      expect(answer).toMatchObject({ status: 400, headers: CORS });
      expect(answer.headers).not.toHaveProperty('location');
      await idle();
      expect(await sql(app, 'SELECT id, state FROM tus_upload')).toEqual([]);
      expect(await objects()).toEqual([]);
    });

    it('is no fault in the log, also of a final, which is merged in the background', async () => {
      const log = new Log();
      const verifier = new Verifier(() => Promise.reject(new BadRequestException()));
      await start(verifier, { log });
      expect((await concatenate(app, [await partial(app, 'hello')])).status).toBe(400);
      verifier.decide = () => Promise.reject(new UploadRefusedError('Not yet.', { keep: true }));
      await patch(await begun(), 0, 'hello');
      const first = app;
      app = await startWithHooks({ platform, hooks: [verifier], directory: first.directory, log });
      await app.get(Maintenance).run();
      await idle();
      expect(verifier.asked).toHaveLength(3);
      expect([log.warnings, log.errors]).toEqual([[], []]);
      await app.stop();
      app = first;
    });

    it('gives partials back: they can be merged again', async () => {
      const verifier = new Verifier(() => Promise.reject(new BadRequestException()));
      await start(verifier);
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      expect((await concatenate(app, list)).status).toBe(400);
      await idle();
      expect(await objects()).toEqual([]);
      verifier.decide = () => undefined;
      const final = made(app, await concatenate(app, list));
      expect(await content(app, final)).toBe('hello');
      expect(new Set(verifier.asked).size).toBe(2);
    });
  });

  describe('that fails, or keeps the upload', () => {
    it.each([
      ['any other error', () => new Error('the scanner is away'), 500],
      ['a 429', () => new UploadRefusedError('Slowly.', { status: 429, keep: true }), 429],
      ['a 4xx with keep', () => new UploadRefusedError('Not yet.', { keep: true }), 422],
    ])('by %s is called again for the next request, and the bytes stay', async (_, error, status) => {
      const verifier = new Verifier(() => Promise.reject(error()));
      const told: OnUploadComplete & { ids: string[] } = {
        ids: [],
        onUploadComplete: ({ id }) => void told.ids.push(id),
      };
      await start(verifier, { hooks: [verifier, told] });
      const url = await begun();
      await patch(url, 0, 'he');
      expect(await patch(url, 2, 'llo', ORIGIN)).toMatchObject({ status, headers: CORS });
      expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '2' } });
      expect(await record(app, url)).toMatchObject({ state: 'finishing' });
      expect(told.ids).toEqual([]);
      verifier.decide = () => undefined;
      expect((await patch(url, 2, 'llo')).status).toBe(409);
      expect((await head(url)).headers['upload-offset']).toBe('5');
      expect(await content(app, url)).toBe('hello');
      await idle();
      expect(verifier.asked).toEqual([idOf(url), idOf(url)]);
    });

    it('by an error of UploadService, as for an upload that is not complete, removes nothing, and says what failed', async () => {
      const log = new Log();
      const verifier = new Verifier(async ({ id }) => void (await app.get(UploadService).read(id)));
      await start(verifier, { log });
      const url = await begun();
      await patch(url, 0, 'he');
      expect((await patch(url, 2, 'llo')).status).toBe(500);
      expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '2' } });
      expect(log.errors[0]).toMatch(/^onUploadFinish of hook-0 failed for .+; the upload is kept/);
      expect(log.errors.at(-1)).toMatch(
        /HookFailedError: OnUploadFinish of hook-0 failed with UploadNotFoundError/,
      );
      verifier.decide = () => undefined;
      expect((await patch(url, 2, 'llo')).status).toBe(409);
      expect(await content(app, url)).toBe('hello');
    });

    it('answers with the headers of an UploadRefusedError', async () => {
      const refusal = { status: 503, keep: true, headers: { 'Retry-After': '7' } };
      await start(new Verifier(() => Promise.reject(new UploadRefusedError('Later.', refusal))));
      const answer = await patch(await begun(), 0, 'hello');
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'UPLOAD_REFUSED', message: 'Later.' });
    });

    it('is logged with a sentence, and a pause is made before maintenance calls it again', async () => {
      const log = new Log();
      const verifier = new Verifier(() => Promise.reject(new Error('the scanner is away')));
      await start(verifier, { log });
      const url = await begun();
      expect((await patch(url, 0, 'hello')).status).toBe(500);
      expect(log.errors).toContain(
        `onUploadFinish of hook-0 failed for ${idOf(url)}; the upload is kept, and it is asked again`,
      );
      await app.get(Maintenance).run();
      await idle();
      expect(verifier.asked).toHaveLength(1);
      expect(await record(app, url)).toMatchObject({ state: 'finishing' });
    });

    it('by a 5xx is in the log, also of a final whose client does not wait', async () => {
      const log = new Log();
      const { closed, open } = gate();
      const away = () => Promise.reject(new ServiceUnavailableException('No scanner.'));
      const verifier = new Verifier(away);
      await start(verifier, { log, tus: { respondAfter: 0 } });
      const url = await begun();
      expect((await patch(url, 0, 'hello')).status).toBe(503);
      verifier.decide = () => closed.then(away);
      const answer = await concatenate(app, [await partial(app, 'hello')]);
      open();
      await idle();
      const kept = (id: string) =>
        `onUploadFinish of hook-0 failed for ${id}; the upload is kept, and it is asked again`;
      expect(answer.status).toBe(201);
      expect(log.errors).toEqual([kept(idOf(url)), kept(verifier.asked[1]!)]);
      verifier.decide = () => Promise.reject(new UploadRefusedError('Never.', { status: 501 }));
      const refused = await begun();
      expect((await patch(refused, 0, 'hello')).status).toBe(501);
      expect(log.errors.slice(2)).toEqual([`onUploadFinish of hook-0 failed for ${idOf(refused)}`]);
    });

    it('leaves nothing of a POST with all bytes behind: its client was told no URL', async () => {
      await start(new Verifier(() => Promise.reject(new Error('the scanner is away'))));
      expect((await post(app, { 'upload-length': '5' }, 'hello')).status).toBe(500);
      expect(await count(app)).toBe(0);
      await idle();
      expect(await objects()).toEqual([]);
    });

    it('keeps a final: the repeated POST finds it, and asks again', async () => {
      const verifier = new Verifier(() => Promise.reject(new Error('the scanner is away')));
      await start(verifier);
      const list = [await partial(app, 'he'), await partial(app, 'llo')];
      expect((await concatenate(app, list)).status).toBe(500);
      verifier.decide = () => ({ headers: { 'X-Scan': 'clean' } });
      const answer = await concatenate(app, list);
      expect(answer.headers).toMatchObject({ 'x-scan': 'clean', 'upload-offset': '5' });
      const id = idOf(made(app, answer));
      expect(verifier.asked).toEqual([id, id]);
    });

    it('is not called again where it has returned and a later one failed', async () => {
      const [first, second] = [
        new Verifier(() => ({ headers: { 'X-A': '1' } })),
        new Verifier(() => Promise.reject(new Error('away'))),
      ];
      await start({}, { hooks: [first, second] });
      const list = [await partial(app, 'hello')];
      expect((await concatenate(app, list)).status).toBe(500);
      second.decide = () => undefined;
      expect((await concatenate(app, list)).headers['x-a']).toBe('1');
      expect([first.asked.length, second.asked.length]).toEqual([1, 2]);
    });

    it('is called by the next application for what this one kept', async () => {
      const verifier = new Verifier(() => Promise.reject(new Error('the scanner is away')));
      await start(verifier);
      const url = await begun();
      await patch(url, 0, 'hello');
      const first = app;
      const completed = new Told();
      const next = completed.next();
      const willing = new Verifier();
      app = await startWithHooks({
        ...{ platform, hooks: [willing, { onUploadComplete: completed.hear }] },
        directory: first.directory,
      });
      await app.get(Maintenance).run();
      expect((await next).id).toBe(idOf(url));
      expect(willing.asked).toEqual([idOf(url)]);
      await app.stop();
      app = first;
    });
  });

  describe('that hangs', () => {
    it('keeps the lease, and HEAD is answered; who asks for the upload joins', async () => {
      const { closed, open } = gate();
      const entered = new Told();
      const verifier = new Verifier(async (upload) => {
        entered.hear(upload);
        await closed;
      });
      await start(verifier);
      const url = await begun();
      const called = entered.next();
      const first = patch(url, 0, 'hello');
      await called;
      expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '0' } });
      await app.get(Maintenance).run();
      // The first one lets go for the second one, as if its connection had died.
      const second = patch(url, 0, 'hello');
      expect((await first).status).toBe(423);
      open();
      expect((await second).status).toBe(409);
      expect(verifier.asked).toHaveLength(1);
      expect(await content(app, url)).toBe('hello');
    });

    it('longer than respondAfter has a final answered before it is complete (CON-31)', async () => {
      const { closed, open } = gate();
      await start(
        new Verifier(async () => {
          await closed;
          return { headers: { 'X-Scan': 'clean' } };
        }),
        { tus: { respondAfter: 0 } },
      );
      const answer = await concatenate(app, [await partial(app, 'hello')]);
      const url = made(app, answer);
      for (const { headers } of [answer, await head(url)]) {
        expect(headers).not.toHaveProperty('upload-offset');
        expect(headers).not.toHaveProperty('x-scan');
      }
      open();
      await idle();
      expect((await head(url)).headers['upload-offset']).toBe('5');
    });

    it('does not keep an upload from being deleted', async () => {
      const { closed, open } = gate();
      const entered = new Told();
      await start(
        new Verifier((upload) => {
          entered.hear(upload);
          return closed;
        }),
      );
      const url = await begun();
      const called = entered.next();
      const answer = patch(url, 0, 'hello');
      await called;
      expect((await remove(url)).status).toBe(204);
      expect((await answer).status).toBe(404);
      open();
      await idle();
      expect((await head(url)).status).toBe(404);
      expect(await objects()).toEqual([]);
    });

    it('keeps maintenance from nothing else', async () => {
      const { closed, open } = gate();
      const verifier = new Verifier(() => Promise.reject(new Error('away')));
      await start(verifier);
      const url = await begun();
      await patch(url, 0, 'hello');
      const entered = new Told();
      const called = entered.next();
      const second = new Verifier((upload) => {
        entered.hear(upload);
        return closed;
      });
      const first = app;
      app = await startWithHooks({ platform, hooks: [second], directory: first.directory });
      await called;
      const old = await begun();
      await sql(app, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [idOf(old)]);
      await app.get(Maintenance).run();
      await app.get(Maintenance).run();
      expect((await app.get(UploadService).find(idOf(old)))?.state).toBeUndefined();
      open();
      await app.stop();
      app = first;
    });
  });
});
