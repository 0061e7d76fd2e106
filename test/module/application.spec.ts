import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Catch, HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { tap } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  LocalStorage,
  TusHttpException,
  TusModule,
  UploadEvents,
  UploadNotFoundError,
  UploadService,
} from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Call } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

/** 401 without credentials, 403 for `guest`. */
@Injectable()
class GateKeeper implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: string;
    }>();
    const user = request.headers.authorization;
    if (user === undefined) throw new UnauthorizedException();
    request.user = user;
    return user !== 'guest';
  }
}

/** Runs after the guards, and reads what they left on the request. */
@Injectable()
class Audit implements NestInterceptor {
  static entries: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, user } = context.switchToHttp().getRequest<{ method: string; user?: string }>();
    return next.handle().pipe(
      tap({
        complete: () => Audit.entries.push(`${user} ${method} done`),
        error: (error: HttpException) => Audit.entries.push(`${user} ${method} ${error.getStatus()}`),
      }),
    );
  }
}

@Catch(HttpException)
class Recorder implements ExceptionFilter {
  static seen: HttpException[] = [];

  catch(exception: HttpException, host: ArgumentsHost): void {
    Recorder.seen.push(exception);
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(body: unknown): void };
    }>();
    response.status(exception.getStatus()).send({ oops: exception.message });
  }
}

describe.each(PLATFORMS)('an application around the uploads, on platform-%s', (platform) => {
  let app: TusApp | undefined;

  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  async function start(options: TusAppOptions): Promise<TusApp> {
    Audit.entries = [];
    Recorder.seen = [];
    app = await TusApp.start({ platform, ...options });
    return app;
  }

  describe('with a global guard', () => {
    const providers = [
      { provide: APP_GUARD, useClass: GateKeeper },
      { provide: APP_INTERCEPTOR, useClass: Audit },
    ];

    it.each([
      ['without credentials', {}, 401],
      ['without the right', { authorization: 'guest' }, 403],
    ])('CORE-27 a request %s changes nothing, and its answer is one of tus', async (_, headers, status) => {
      const { endpoint, get } = await startGuarded();
      const url = await create(endpoint, { 'upload-length': '5', authorization: 'ada' });
      const requests: Call[] = [
        { method: 'POST', url: endpoint, headers: { 'upload-length': '5' } },
        {
          method: 'PATCH',
          url,
          headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
          body: 'hello',
        },
        { method: 'DELETE', url },
        { method: 'HEAD', url },
      ];
      for (const request of requests) {
        const answer = await call({ ...request, headers: tus({ ...request.headers, ...headers }) });
        expect(answer.status).toBe(status);
        expect(answer.headers['tus-resumable']).toBe('1.0.0');
        expect(answer.headers).not.toHaveProperty('location');
        expect(answer.headers).not.toHaveProperty('upload-offset');
      }
      expect(await get().list()).toMatchObject([{ offset: 0, state: 'open' }]);
    });

    it('refuses a PATCH without interrupting the writer whose upload it is', async () => {
      const { endpoint } = await startGuarded();
      const url = await create(endpoint, { 'upload-length': '10', authorization: 'ada' });
      await patch(url, 0, 'hello', { authorization: 'ada' });
      expect((await patch(url, 5, 'evil!', { authorization: 'guest' })).status).toBe(403);
      expect((await patch(url, 5, 'world', { authorization: 'ada' })).headers['upload-offset']).toBe('10');
    });

    it('interceptors run around each request, and see the user of the guard', async () => {
      const { endpoint } = await startGuarded();
      const url = await create(endpoint, { 'upload-length': '5', authorization: 'ada' });
      await patch(url, 0, 'hello', { authorization: 'bob' });
      await patch(url, 3, 'x', { authorization: 'eve' });
      expect(Audit.entries).toEqual(['ada POST done', 'bob PATCH done', 'eve PATCH 409']);
    });

    async function startGuarded() {
      const started = await start({ providers });
      return { endpoint: started.endpoint, get: () => started.get(UploadService) };
    }
  });

  describe('with an exception filter', () => {
    it('CORE-25 sees what the client did wrong as an HttpException with a code and a cause', async () => {
      const { endpoint } = await start({ providers: [{ provide: APP_FILTER, useClass: Recorder }] });
      const answer = await head(`${endpoint}/none`);
      expect(answer.status).toBe(404);
      expect(answer.headers['tus-resumable']).toBe('1.0.0');
      expect(Recorder.seen).toEqual([expect.any(TusHttpException)]);
      expect(Recorder.seen[0]).toMatchObject({
        code: 'UPLOAD_NOT_FOUND',
        cause: expect.any(UploadNotFoundError),
      });
    });

    it('CORE-10 answers in its own words, and the headers of the error stay', async () => {
      const { endpoint } = await start({ providers: [{ provide: APP_FILTER, useClass: Recorder }] });
      const url = await create(endpoint, { 'upload-length': '5' });
      const answer = await patch(url, 3, 'x');
      expect(answer).toMatchObject({ status: 409, headers: { 'upload-offset': '0' } });
      expect(JSON.parse(answer.body.toString())).toEqual({ oops: expect.stringContaining('stands at 0') });
    });
  });
});

describe('an application context without HTTP', () => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  it('has the service, events and storage, and ends with them', async () => {
    const directory = await apps.folder();
    const module = TusModule.forRoot({ storage: new LocalStorage({ directory }) });
    const context = await NestFactory.createApplicationContext(module, { logger: false });
    const told: string[] = [];
    let ended = false;
    context.get(UploadEvents).completed$.subscribe({
      next: ({ upload: { id } }) => told.push(id),
      complete: () => (ended = true),
    });
    const uploads = context.get(UploadService);
    const { id } = await uploads.create({ length: 5, body: Readable.from([Buffer.from('hello')]) });
    expect(told).toEqual([id]);
    await context.close();
    expect(ended).toBe(true);
    expect((await readdir(directory)).toSorted()).toEqual(['.tus', id].toSorted());
    expect(await readdir(join(directory, '.tus', 'work'))).toEqual([]);
  });
});
