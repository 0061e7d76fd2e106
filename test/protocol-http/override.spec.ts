import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { call, create, head, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { BYTES, content, count, made, options } from './support.js';

const NEW = { 'upload-length': '5' };

describe.each(PLATFORMS)('X-HTTP-Method-Override on platform-%s', (platform) => {
  let app: TusApp;
  const seen: string[] = [];

  @Injectable()
  class Recording implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      seen.push(context.switchToHttp().getRequest<{ method: string }>().method);
      return true;
    }
  }

  beforeAll(async () => {
    app = await TusApp.start({ platform, providers: [{ provide: APP_GUARD, useClass: Recording }] });
  });
  afterAll(() => app.stop());

  const override = (
    meant: string,
    url: string,
    sent: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> => {
    const { method = 'POST', headers = {}, body } = sent;
    return call({
      ...{ method, url, headers: tus({ 'x-http-method-override': meant, ...headers }) },
      ...(body !== undefined && { body }),
    });
  };
  const append = { ...BYTES, 'upload-offset': '0' };

  it.each(['PATCH', 'patch', ' Patch '])(
    'OVR-01 OVR-03 "%s" makes a PATCH of a POST, as clients need it that know no PATCH',
    async (meant) => {
      const url = await create(app.endpoint, NEW);
      const answer = await override(meant, url, { headers: append, body: 'hello' });
      expect(answer).toMatchObject({ status: 204, headers: { 'upload-offset': '5' } });
      expect(await content(app, url)).toBe('hello');
    },
  );

  it.each(['POST', 'GET', 'PUT', 'DELETE', 'HEAD'])(
    'OVR-01 the value is the method: %s means DELETE',
    async (method) => {
      const url = await create(app.endpoint, NEW);
      expect((await override('DELETE', url, { method })).status).toBe(204);
      expect((await head(url)).status).toBe(404);
    },
  );

  it('OVR-01 the real method is ignored: a DELETE that says HEAD deletes nothing', async () => {
    const url = await create(app.endpoint, NEW);
    expect((await override('HEAD', url, { method: 'DELETE' })).status).toBe(200);
    expect((await head(url)).status).toBe(200);
  });

  it('OVR-01 POST may be meant as well', async () => {
    const created = await override('POST', app.endpoint, { method: 'PUT', headers: NEW });
    expect(created.status).toBe(201);
    expect((await head(made(app, created))).status).toBe(200);
  });

  it.each(['PUT', 'GET', 'OPTIONS', 'x', '', 'PATCH, PATCH'])(
    'OVR-01 "%s" is refused with 400 on every method',
    async (meant) => {
      const url = await create(app.endpoint, NEW);
      for (const method of ['POST', 'PATCH', 'GET', 'DELETE']) {
        expect((await override(meant, url, { method, headers: append })).status).toBe(400);
      }
      expect((await head(url)).headers['upload-offset']).toBe('0');
    },
  );

  it('OVR-01 means nothing on OPTIONS', async () => {
    for (const meant of ['DELETE', 'nonsense']) {
      expect((await options(app.endpoint, { 'x-http-method-override': meant })).status).toBe(204);
    }
  });

  it('OVR-01 the rules of the meant method hold: version, media type, offset', async () => {
    const url = await create(app.endpoint, NEW);
    const without = await call({
      method: 'POST',
      url,
      headers: { 'x-http-method-override': 'PATCH', ...append },
    });
    expect(without.status).toBe(412);
    expect((await override('PATCH', url, { headers: { ...append, 'content-type': 'x/y' } })).status).toBe(
      415,
    );
    expect((await override('PATCH', url, { headers: { ...append, 'upload-offset': '1' } })).status).toBe(409);
  });

  it('OVR-02 is resolved before guards, and a POST on U without it is 405', async () => {
    const url = await create(app.endpoint, NEW);
    seen.length = 0;
    await override('PATCH', url, { headers: append, body: 'hello' });
    await override('DELETE', url);
    expect(seen).toEqual(['PATCH', 'DELETE']);
    expect((await call({ method: 'POST', url, headers: tus(NEW) })).status).toBe(405);
  });

  it('OVR-03 DELETE on E stays what it is, however it comes', async () => {
    expect((await override('DELETE', app.endpoint)).status).toBe(405);
  });

  it.each(['POST', 'GET', 'PATCH'])(
    'OVR-04 a HEAD that comes as %s is answered 200 with Content-Length: 0',
    async (method) => {
      const url = await create(app.endpoint, NEW);
      const answer = await override('HEAD', url, { method });
      expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '0', 'upload-offset': '0' } });
      const missing = await override('HEAD', `${url}x`, { method });
      expect(missing.status).toBe(404);
      expect(Number(missing.headers['content-length'])).toBe(missing.body.length);
    },
  );

  it('OVR-05 means nothing to a request of another protocol, which is refused with 412', async () => {
    const before = await count(app);
    const headers = {
      'upload-draft-interop-version': '8',
      'upload-complete': '?1',
      'x-http-method-override': 'PATCH',
    };
    const answer = await call({ method: 'POST', url: app.endpoint, headers, body: 'hello' });
    expect(answer).toMatchObject({ status: 412, headers: { 'tus-version': '1.0.0' } });
    expect(await count(app)).toBe(before);
  });
});
