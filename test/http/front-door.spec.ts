import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  HttpException,
  Injectable,
  UnauthorizedException,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { UploadNotFoundError } from '../../src/model/errors/upload-not-found.error.js';
import { TusController } from '../../src/http/tus.controller.js';
import type { TusRequest } from '../../src/http/request-adapter.js';
import type { Answer } from '../../src/http/response-writer.js';
import { TusHttpException } from '../../src/http/tus-http-exception.js';
import { PLATFORMS, startApp } from './app.js';
import type { AppOptions, RunningApp } from './app.js';
import { BYTES, create, send, TUS } from './wire.js';

const origin = 'https://app.example.com';
const preflight = { Origin: origin, 'Access-Control-Request-Method': 'PATCH' };

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(_context: ExecutionContext): boolean {
    throw new UnauthorizedException();
  }
}

const closedToAll = { provide: APP_GUARD, useClass: NobodyGuard };

describe.each(PLATFORMS)('the front door on %s', (platform) => {
  let running: RunningApp | undefined;

  const start = async (options: AppOptions = {}): Promise<RunningApp> =>
    (running = await startApp(platform, options));

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  describe('finds its endpoint', () => {
    it('behind a global prefix and a version in the path (trap 16)', async () => {
      const { port } = await start({
        setUp: (app) =>
          app
            .setGlobalPrefix('api')
            .enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] }),
      });
      for (const path of ['/api/v1/files', '/api/v2/files/']) {
        const upload = await create(port, { 'Upload-Length': '1' }, path);
        expect(upload).toMatch(/^\/api\/v[12]\/files\/u\d$/);
        const reply = await send(port, { method: 'HEAD', path: `${upload}/`, headers: TUS });
        expect(reply).toMatchObject({ status: 200, headers: { 'tus-resumable': '1.0.0' } });
      }
      expect((await send(port, { method: 'HEAD', path: '/files/u1' })).headers).not.toHaveProperty(
        'tus-resumable',
      );
    });

    it('outside of a prefix that it is excluded from', async () => {
      const { port } = await start({
        setUp: (app) => app.setGlobalPrefix('api', { exclude: ['files{/*path}'] }),
      });
      expect(await create(port, { 'Upload-Length': '1' }, '/files/')).toBe('/files/u1');
    });

    it('under the version of a controller that extends ours', async () => {
      @Controller({ path: 'files', version: '7' })
      class Versioned extends TusController {}
      const { port } = await start({
        controller: Versioned,
        setUp: (app) => app.enableVersioning({ type: VersioningType.URI }),
      });
      expect(await create(port, { 'Upload-Length': '1' }, '/v7/files/')).toBe('/v7/files/u1');
    });

    it('refuses to start where an exclusion splits it', async () => {
      const broken = startApp(platform, {
        setUp: (app) => app.setGlobalPrefix('api', { exclude: ['files'] }),
      });
      await expect(broken).rejects.toThrow("exclude 'files{/*path}'");
    });
  });

  describe('dresses every answer', () => {
    it('of a guard, a filter and a router with Tus-Resumable and CORS (CORE-02, CORS-01)', async () => {
      const { port } = await start({ providers: [closedToAll], settings: { cors: { origin } } });
      for (const path of ['/files', '/files/u1']) {
        const reply = await send(port, {
          method: 'PATCH',
          path,
          headers: { ...TUS, Origin: origin },
          body: 'x',
        });
        expect(reply.status).toBe(401);
        expect(reply.headers).toMatchObject({
          'tus-resumable': '1.0.0',
          'access-control-allow-origin': origin,
          'access-control-expose-headers': expect.stringContaining('Upload-Offset'),
          vary: expect.stringContaining('Origin'),
        });
      }
    });

    it('and says no more than Tus-Resumable of what is below an upload (CORE-02)', async () => {
      const { port } = await start({ settings: { cors: {} } });
      for (const path of ['/files/u1/x', '/files//', '/files/u1//']) {
        const reply = await send(port, { method: 'POST', path, headers: { ...TUS, Origin: origin } });
        expect(reply).toMatchObject({ status: 404, headers: { 'tus-resumable': '1.0.0' } });
        expect(Object.keys(reply.headers)).not.toContain('access-control-allow-origin');
        const asked = await send(port, { method: 'OPTIONS', path, headers: preflight });
        expect(asked.status).toBe(404);
      }
    });

    it('and passes preflights before the guards (CORS-09, OPT-09)', async () => {
      const { port } = await start({ providers: [closedToAll], settings: { cors: {} } });
      expect(await send(port, { method: 'OPTIONS', headers: preflight })).toMatchObject({
        status: 204,
        headers: {
          'access-control-allow-origin': '*',
          'access-control-allow-methods': expect.stringContaining('PATCH'),
          'access-control-allow-headers': expect.stringContaining('Upload-Concat'),
          'tus-version': '1.0.0',
        },
      });
      expect((await send(port, { method: 'OPTIONS' })).status).toBe(401);
    });

    it('and tells an origin that may not nothing of CORS (CORS-07)', async () => {
      const { port } = await start({ settings: { cors: { origin: 'https://other.example' } } });
      const reply = await send(port, { method: 'OPTIONS', headers: preflight });
      expect(reply.status).toBe(204);
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    });

    it('and has the last word on caches of a HEAD, and on its own CORS (CORE-05, CORS-06)', async () => {
      const { port } = await start({
        settings: { cors: { origin, credentials: true } },
        setUp: (app) => {
          app.use((_request: unknown, response: ServerResponse, next: () => void) => {
            response.setHeader('Cache-Control', 'public, max-age=60');
            response.setHeader('Vary', 'Accept-Encoding');
            next();
          });
          app.enableCors({ exposedHeaders: ['X-Total'] });
        },
      });
      const path = await create(port, { 'Upload-Length': '1' });
      for (const target of [path, `${path}x`]) {
        const ask = (from: string, headers: object = TUS) =>
          send(port, { method: 'HEAD', path: target, headers: { ...headers, Origin: from } });
        for (const reply of [await ask(origin), await ask(origin, {})]) {
          expect(reply.headers).toMatchObject({
            'cache-control': 'no-store',
            vary: expect.stringMatching(/^(?=.*Accept-Encoding)(?=.*Origin)/),
            'access-control-allow-origin': origin,
            'access-control-allow-credentials': 'true',
            'access-control-expose-headers': expect.stringContaining('Upload-Offset'),
          });
        }
        const other = await ask('https://evil.example');
        expect(other.headers.vary).toMatch(/Origin/);
        expect(Object.keys(other.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    });

    it('and answers 500 where it fails itself, and goes on (CORE-02)', async () => {
      const { port } = await start({ settings: { cors: { origin: {} as never } } });
      for (const method of ['OPTIONS', 'POST']) {
        const headers = { ...TUS, ...preflight, 'Upload-Length': '1' };
        expect((await send(port, { method, headers })).status).toBe(500);
      }
      expect((await send(port, { method: 'OPTIONS' })).status).toBe(204);
    });

    it('and adds what a plain enableCors() does not know (CORS-08)', async () => {
      const { port } = await start({ setUp: (app) => app.enableCors({ origin }) });
      expect(await send(port, { method: 'OPTIONS', headers: preflight })).toMatchObject({
        status: 204,
        headers: { 'access-control-allow-origin': origin, 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' },
      });
      const reply = await send(port, {
        method: 'POST',
        headers: { ...TUS, Origin: origin, 'Upload-Length': '1' },
      });
      expect(reply).toMatchObject({
        status: 201,
        headers: {
          'access-control-allow-origin': origin,
          'access-control-expose-headers': expect.stringContaining('Upload-Offset'),
        },
      });
    });
  });

  describe('lets the application have its say', () => {
    it('in exception filters, which see an HttpException with its cause (CORE-25)', async () => {
      const seen: unknown[] = [];
      @Catch(HttpException)
      class Watching implements ExceptionFilter {
        catch(exception: HttpException, host: ArgumentsHost): void {
          seen.push(exception);
          const response = host.switchToHttp().getResponse();
          response.status(exception.getStatus()).send({ mine: true });
        }
      }
      const { port } = await start({ setUp: (app) => app.useGlobalFilters(new Watching()) });
      const reply = await send(port, { method: 'DELETE', path: '/files/none', headers: TUS });
      expect(reply).toMatchObject({ status: 404, body: '{"mine":true}' });
      expect(seen).toEqual([expect.any(TusHttpException)]);
      expect(seen[0]).toMatchObject({ code: 'UPLOAD_NOT_FOUND', cause: expect.any(UploadNotFoundError) });
    });

    it('in guards of its own, which see the method that is meant (OVR-02)', async () => {
      const methods: string[] = [];
      class Recording implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          methods.push(context.switchToHttp().getRequest().method);
          return true;
        }
      }
      @Controller('files')
      @UseGuards(Recording)
      class Guarded extends TusController {}
      const { port } = await start({ controller: Guarded, providers: [Recording] });
      const headers = { ...TUS, 'X-HTTP-Method-Override': 'DELETE' };
      await send(port, { method: 'POST', path: '/files/u1', headers });
      expect(methods).toEqual(['DELETE']);
    });

    it('in a subclass that overrides a step and adds to its answer', async () => {
      @Controller('files')
      class Telling extends TusController {
        protected override async create(request: TusRequest): Promise<Answer> {
          const answer = await super.create(request);
          return {
            ...answer,
            headers: { ...answer.headers, 'X-Type': request.header('content-type') ?? '' },
          };
        }
      }
      const { port } = await start({ controller: Telling });
      const headers = { ...TUS, 'Upload-Length': '1', 'Content-Type': 'text/plain' };
      const reply = await send(port, { method: 'POST', headers, body: 'x' });
      expect(reply).toMatchObject({ status: 201, headers: { 'x-type': 'text/plain' } });
    });

    it('in extensions that are off (OPT-08)', async () => {
      const { port } = await start({ settings: { extensions: ['creation'] } });
      const post = (headers: object, body?: string) =>
        send(port, { method: 'POST', headers: { ...TUS, ...headers }, ...(body && { body }) });
      expect((await post({ ...BYTES, 'Upload-Length': '1' }, 'x')).status).toBe(400);
      expect((await post({ 'Upload-Defer-Length': '1' })).status).toBe(400);
      expect((await post({ 'Upload-Length': '1' })).status).toBe(201);
      const removal = await send(port, { method: 'DELETE', path: '/files/u1', headers: TUS });
      expect(removal).toMatchObject({ status: 405, headers: { allow: 'OPTIONS, HEAD, PATCH, POST' } });
    });
  });

  describe('keeps body parsers away', () => {
    const parseEverything = (app: INestApplication) => {
      if (platform === 'express')
        (app as NestExpressApplication).useBodyParser('raw', { type: '*/*', limit: 10 });
      else
        app
          .getHttpAdapter()
          .getInstance()
          .addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 10 }, parse);
    };
    const parse = (_request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) =>
      done(null, body);

    it('even those that parse everything (trap 7)', async () => {
      const { port, uploads } = await start({ setUp: parseEverything });
      const headers = { ...TUS, ...BYTES, 'Upload-Length': '20' };
      expect((await send(port, { method: 'POST', headers, body: 'x'.repeat(20) })).status).toBe(201);
      expect(uploads.bytesOf('u1')).toHaveLength(20);
    });

    it('and tells when one was faster (trap 7)', async () => {
      const readFirst = (request: NodeJS.ReadableStream, _response: unknown, next: () => void) =>
        void request.once('end', next).resume();
      const { port } = await start({ setUp: (app) => app.use(readFirst) });
      const path = await create(port, { 'Upload-Length': '1' });
      const patch = (body: string, chunked = false) =>
        send(port, {
          method: 'PATCH',
          path,
          headers: { ...TUS, ...BYTES, 'Upload-Offset': '0' },
          body,
          chunked,
        });
      for (const chunked of [false, true]) {
        expect(await patch('x', chunked)).toMatchObject({
          status: 500,
          body: expect.stringContaining('BODY_CONSUMED'),
        });
      }
      expect((await patch('')).status).toBe(204);
      const final = { ...TUS, ...BYTES, 'Upload-Concat': `final;${path}` };
      expect((await send(port, { method: 'POST', headers: final, body: 'x', chunked: true })).status).toBe(
        500,
      );
    });
  });

  it('serves one controller at two paths, one below the other', async () => {
    @Controller(['files/more', 'files'])
    class Both extends TusController {}
    const { port } = await start({ controller: Both });
    expect(await create(port, { 'Upload-Length': '1' }, '/files/')).toBe('/files/u1');
    expect(await create(port, { 'Upload-Length': '1' }, '/files/more/')).toBe('/files/more/u2');
  });
});

describe('a request that does not come through the server', () => {
  it.each(PLATFORMS)('is served by the framework of %s all the same', async (platform) => {
    const { app, uploads, close } = await startApp(platform);
    const framework = app.getHttpAdapter().getInstance();
    const server = createServer(platform === 'express' ? framework : framework.routing);
    try {
      const { port } =
        (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address() as AddressInfo);
      const path = await create(port, { 'Upload-Length': '5', 'Content-Type': 'text/plain' });
      expect(path).toBe('/files/u1');
      const headers = { ...TUS, ...BYTES, 'Upload-Offset': '0' };
      const reply = await send(port, { method: 'PATCH', path, headers, body: 'hello' });
      expect(reply).toMatchObject({ status: 204, headers: { 'tus-resumable': '1.0.0' } });
      expect(uploads.bytesOf('u1')).toBe('hello');
      const override = { ...TUS, 'X-HTTP-Method-Override': 'DELETE' };
      const refused = await send(port, { method: 'POST', path, headers: override });
      // Fastify tells of a request before the guards, Express does not: they have seen a POST.
      expect(refused.status).toBe(platform === 'fastify' ? 204 : 400);
      expect((await send(port, { method: 'HEAD', path, headers: TUS })).status).toBe(
        platform === 'fastify' ? 404 : 200,
      );
    } finally {
      server.close();
      await close();
    }
  });

  it('may come through another Express application, whose path is then part of Location (trap 16)', async () => {
    const { app, close } = await startApp('express');
    const outer = new ExpressAdapter().getInstance().use('/outer', app.getHttpAdapter().getInstance());
    const server = createServer(outer);
    try {
      const { port } =
        (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address() as AddressInfo);
      const path = await create(port, { 'Upload-Length': '5' }, '/outer/files');
      expect(path).toBe('/outer/files/u1');
      expect((await send(port, { method: 'HEAD', path, headers: TUS })).status).toBe(200);
      const final = await create(port, { 'Upload-Concat': `final;${path} /outer/files/u1` }, '/outer/files/');
      expect(final).toBe('/outer/files/u2');
    } finally {
      server.close();
      await close();
    }
  });
});
