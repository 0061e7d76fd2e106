import { once } from 'node:events';
import { link, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { LocalStorage, StorageError, TusHttpException, UploadService } from '../../src/index.js';
import { OpenPatch } from '../support/open-patch.js';
import { create, head, patch } from '../support/raw-http.js';
import { FaultyStorage } from '../support/storages/faulty-storage.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { Platform, TusAppOptions } from '../support/tus-app.js';
import { BYTES, concatenate, content, idOf, partial, portOf, post, record, sql } from './support.js';

const NEW = { 'upload-length': '10' };

async function offsetOf(url: string): Promise<string | undefined> {
  return (await head(url)).headers['upload-offset'] as string | undefined;
}

describe.each(PLATFORMS)('what goes wrong on platform-%s', (platform) => {
  let app: TusApp;
  const folders: string[] = [];

  const start = async (options: TusAppOptions = {}): Promise<TusApp> =>
    (app = await TusApp.start({ platform, ...options }));

  const faulty = async (options: TusAppOptions = {}): Promise<FaultyStorage> => {
    const directory = await folder();
    const storage = new FaultyStorage(new LocalStorage({ directory }));
    await start({ ...options, directory, tus: { ...options.tus, storage } });
    return storage;
  };

  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
    folders.push(made);
    return made;
  };

  afterEach(async () => {
    await app.stop();
    for (const one of folders.splice(0)) await rm(one, { recursive: true, force: true });
  });

  describe('a body that stops', () => {
    it('CORE-15 keeps its prefix when the client goes away, and the next PATCH goes on there', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const cut = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
      await cut.send('hello ');
      cut.cut();
      while ((await offsetOf(url)) !== '6');
      expect((await patch(url, 6, 'worl')).status).toBe(204);
      expect(await content(app, url)).toBe('hello worl');
    });

    it('CORE-15 is never complete when its chunks end without the last one', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const cut = OpenPatch.begin(url, { offset: 0 });
      await cut.send('hello worl');
      cut.cut();
      await cut.outcome();
      // The bytes that would complete it count only with the end of the body.
      expect((await patch(url, 0, 'HELLO WORL')).status).toBe(204);
      expect(await content(app, url)).toBe('HELLO WORL');
    });

    it('CORE-15 keeps its prefix over a shutdown, and the next process goes on there', async () => {
      const directory = await folder();
      await start({ directory });
      const url = await create(app.endpoint, NEW);
      const running = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
      await running.send('hello ');
      while ((await offsetOf(url)) !== '6');
      await app.stop();
      expect([0, 423]).toContain((await running.outcome()).status);
      await start({ directory });
      const again = `${app.endpoint}/${idOf(url)}`;
      expect(await offsetOf(again)).toBe('6');
      expect((await patch(again, 6, 'worl')).status).toBe(204);
      expect(await content(app, again)).toBe('hello worl');
    });

    it('CORE-21 CORE-15 is closed without an answer when no byte comes for bodyIdleTimeout, and its bytes count', async () => {
      const seen: unknown[] = [];
      @Catch(HttpException)
      class Watching implements ExceptionFilter {
        catch(exception: HttpException, host: ArgumentsHost): void {
          seen.push(exception);
          const response = host
            .switchToHttp()
            .getResponse<{ status(code: number): { send(body: unknown): void } }>();
          response.status(exception.getStatus()).send({});
        }
      }
      await start({
        tus: { bodyIdleTimeout: 200 },
        configure: (nest) => void nest.useGlobalFilters(new Watching()),
      });
      const url = await create(app.endpoint, NEW);
      const idle = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
      await idle.send('hello ');
      expect(await idle.outcome()).toEqual({ status: 0, offset: undefined });
      expect(await offsetOf(url)).toBe('6');
      expect((await patch(url, 6, 'worl')).status).toBe(204);
      expect(seen).toEqual([expect.any(TusHttpException)]);
      expect(seen).toMatchObject([{ code: 'BODY_INTERRUPTED' }]);
    });

    it.each([
      ['of a final', 'POST', (url: string) => `/files HTTP/1.1\r\nUpload-Concat: final;${url}`],
      ['of a complete upload', 'PATCH', (url: string) => `${url} HTTP/1.1\r\nUpload-Offset: 2`],
      ['of an empty upload', 'POST', () => '/files HTTP/1.1\r\nUpload-Length: 0'],
    ])('CORE-21 is given up too where only its first byte is waited for: %s', async (_, method, line) => {
      await start({ tus: { bodyIdleTimeout: 100 } });
      const url = new URL(await partial(app, 'ab')).pathname;
      const socket = connect({ port: portOf(app), host: '127.0.0.1' });
      const received: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.write(
        `${method} ${line(url)}\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nContent-Type: ${BYTES['content-type']}\r\n` +
          'Transfer-Encoding: chunked\r\n\r\n',
      );
      await once(socket, 'close');
      expect(Buffer.concat(received).toString()).toBe('');
    });

    it('CORE-21 has no limit on its total duration', async () => {
      await start();
      expect((app.nest.getHttpServer() as Server).requestTimeout).toBe(0);
    });

    it('CORE-21 leaves a limit alone that the application has set', async () => {
      await start({ configure: (nest) => void (nest.getHttpServer().requestTimeout = 123_456) });
      expect((app.nest.getHttpServer() as Server).requestTimeout).toBe(123_456);
    });
  });

  describe('a storage that fails', () => {
    it('CORE-23 is 507 when it is full, with all the bytes kept that found room', async () => {
      const storage = await faulty();
      const url = await create(app.endpoint, NEW);
      storage.appendFault = { after: 4, failure: new StorageError('full', 'no space') };
      expect((await patch(url, 0, 'hello worl')).status).toBe(507);
      expect(await offsetOf(url)).toBe('4');
      expect((await patch(url, 4, 'o worl')).status).toBe(204);
      expect(await content(app, url)).toBe('hello worl');
    });

    it('CORE-23 CORE-29 is 503 with Retry-After when it fails otherwise, with the durable bytes kept', async () => {
      const storage = await faulty();
      const url = await create(app.endpoint, NEW);
      storage.appendFault = { after: 4, failure: new StorageError('unavailable', 'a secret path') };
      const answer = await patch(url, 0, 'hello worl');
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(answer.body.toString()).not.toContain('secret');
      expect(await offsetOf(url)).toBe('4');
    });

    it('CORE-23 never completes an upload whose last byte is not durable', async () => {
      const storage = await faulty();
      const url = await create(app.endpoint, NEW);
      storage.appendFault = { after: 10, failure: new StorageError('unavailable', 'no') };
      expect((await patch(url, 0, 'hello worl')).status).toBe(503);
      expect((await record(app, url))?.state).toBe('open');
      expect(Number(await offsetOf(url))).toBeLessThan(10);
    });
  });

  describe('errors of the server', () => {
    it('CORE-25 are 500 and give nothing away', async () => {
      await start();
      const uploads = app.get<UploadService>(UploadService);
      uploads.create = () => Promise.reject(new Error('a secret'));
      const answer = await post(app, NEW);
      expect(answer.status).toBe(500);
      expect(answer.headers['tus-resumable']).toBe('1.0.0');
      expect(answer.body.toString()).not.toMatch(/secret|at /);
    });

    it('CORE-25 CORE-02 and those of clients pass the filters of the application, as HttpExceptions', async () => {
      @Catch(TusHttpException)
      class Mine implements ExceptionFilter {
        catch(exception: TusHttpException, host: ArgumentsHost): void {
          const response = host
            .switchToHttp()
            .getResponse<{ status(code: number): { send(body: unknown): void } }>();
          response.status(exception.getStatus()).send({ mine: exception.code });
        }
      }
      await start({ configure: (nest) => void nest.useGlobalFilters(new Mine()) });
      const answer = await patch(await create(app.endpoint, NEW), 3, 'x');
      expect(answer).toMatchObject({
        status: 409,
        headers: { 'upload-offset': '0', 'tus-resumable': '1.0.0' },
      });
      expect(answer.body.toString()).toBe('{"mine":"OFFSET_CONFLICT"}');
    });
  });

  it('CORE-17 CORE-20 an upload that a crash left between its last byte and its completion is completed at the next start', async () => {
    const directory = await folder();
    await start({ directory });
    const url = await create(app.endpoint, NEW);
    await patch(url, 0, 'hello worl');
    await app.stop();
    // The working file, by which recovery knows the object, goes only once the row is complete.
    await link(join(directory, idOf(url)), join(directory, '.tus', 'work', idOf(url)));
    await sql({ directory }, `UPDATE tus_upload SET state = 'finishing', completed_at = NULL WHERE id = ?`, [
      idOf(url),
    ]);
    await start({ directory });
    const again = `${app.endpoint}/${idOf(url)}`;
    while ((await record(app, again))?.state !== 'complete') expect((await head(again)).status).toBe(200);
    expect(await content(app, again)).toBe('hello worl');
  });
});

describe('a lease that another process does not give up', () => {
  const taken = async (
    platform: Platform,
  ): Promise<{ status: number; retryAfter: unknown; shown: unknown }> => {
    const app = await TusApp.start({ platform });
    try {
      const url = await create(app.endpoint, NEW);
      const lease = `UPDATE tus_upload SET lease_holder = 'other', lease_expires_at = 9e15, epoch = 1 WHERE id = ?`;
      await sql(app, lease, [idOf(url)]);
      const { status, headers } = await patch(url, 0, 'hello');
      return { status, retryAfter: headers['retry-after'], shown: await offsetOf(url) };
    } finally {
      await app.stop();
    }
  };

  it('CORE-19 is 423 with Retry-After after 5 s, on each platform, and nothing changes', async () => {
    const locked = { status: 423, retryAfter: '1', shown: '0' };
    expect(await Promise.all(PLATFORMS.map(taken))).toEqual(PLATFORMS.map(() => locked));
  });
});

it('CORE-23 a merge without room is 507, and the partials stay', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
  const storage = new FaultyStorage(new LocalStorage({ directory }));
  const app = await TusApp.start({ directory, tus: { storage } });
  try {
    const url = await partial(app, 'hello');
    storage.concatenateFault = new StorageError('full', 'no space');
    expect((await concatenate(app, [url])).status).toBe(507);
    expect((await concatenate(app, [url])).status).toBe(201);
  } finally {
    await app.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
