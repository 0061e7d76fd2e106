import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import express from 'express';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { LocalStorage, TusModule } from '../../src/index.js';
import { call, create, head, tus } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

/** Lets nobody delete. */
class NoDelete implements CanActivate {
  static seen: string[] = [];

  canActivate(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    NoDelete.seen.push(method);
    return method !== 'DELETE';
  }
}

const SPELLINGS = ['/files', '/FILES', '/%66iles', '/f%49les', '//files', '/files/'];

describe.each(PLATFORMS)('a guard that looks at the method, on platform-%s', (platform) => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  it.each(SPELLINGS)('is not passed by the spelling %s of the path (OVR-02)', async (spelling) => {
    NoDelete.seen = [];
    const { origin } = await apps.start(platform, {
      imports: [TusModule.forRoot({ storage: new LocalStorage({ directory: await apps.folder() }) })],
      providers: [{ provide: APP_GUARD, useClass: NoDelete }],
    });
    const url = await create(`${origin}/files`, { 'upload-length': '5' });
    const spelled = url.replace('/files', spelling);
    for (const headers of [
      tus({ 'x-http-method-override': 'DELETE' }),
      { 'x-http-method-override': 'DELETE' },
    ]) {
      const answer = await call({ method: 'POST', url: spelled, headers });
      expect([400, 403, 404, 405]).toContain(answer.status);
    }
    expect((await head(url)).status).toBe(200);
  });
});

describe('a spelling that the router of the platform takes', () => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  const routers = [
    ['express', '/FILES', () => new ExpressAdapter(), true],
    ['express that looks at the case', '/FILES', () => caseSensitiveExpress(), false],
    ['fastify', '/%66iles', () => new FastifyAdapter(), true],
    ['fastify', '/FILES', () => new FastifyAdapter(), false],
    [
      'fastify that does not look at the case',
      '/FILES',
      () => new FastifyAdapter({ routerOptions: { caseSensitive: false } }),
      true,
    ],
  ] as const;

  it.each(routers)(
    'on %s: %s is the endpoint, and its Location is served',
    async (_, path, adapter, served) => {
      const directory = await apps.folder();
      const nest = await NestFactory.create(
        TusModule.forRoot({ storage: new LocalStorage({ directory }) }),
        adapter(),
        { logger: false },
      );
      try {
        await nest.listen(0, '127.0.0.1');
        const origin = await nest.getUrl();
        const headers = tus({ 'upload-length': '5' });
        const answer = await call({ method: 'POST', url: `${origin}${path}`, headers });
        expect(answer.status).toBe(served ? 201 : 404);
        if (!served) return;
        const url = `${origin}${answer.headers.location}`;
        expect(new URL(url).pathname.startsWith(`${path}/`)).toBe(true);
        expect((await head(url)).headers['upload-offset']).toBe('0');
      } finally {
        await nest.close();
      }
    },
  );

  function caseSensitiveExpress(): ExpressAdapter {
    return new ExpressAdapter(express().enable('case sensitive routing'));
  }
});
