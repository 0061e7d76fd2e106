import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { LocalStorage, TusModule } from '../../src/index.js';
import type { TusModuleOptions } from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

@Controller('files')
class Notes {
  @Post(':id/notes')
  add(@Param('id') id: string, @Body() body: unknown): unknown {
    return { id, body };
  }

  @Delete(':id/notes')
  clear(): string {
    return 'cleared';
  }

  @Post('search')
  @HttpCode(200)
  search(@Body() body: unknown): unknown {
    return { found: body };
  }

  @Get('report.csv')
  report(): string {
    return 'a,b';
  }
}

@Controller()
class Login {
  @Post('login')
  login(@Body() body: unknown): unknown {
    return { welcome: body };
  }

  @Get('favicon.ico')
  icon(): string {
    return 'icon';
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };
/** What a request of the application may say without being one of tus. */
const OVERRIDES: readonly Record<string, string>[] = [
  {},
  { 'x-http-method-override': 'DELETE' },
  { expect: '100-continue' },
];
const PAGE = 'https://app.example.com';

describe.each(PLATFORMS)(
  'routes of the application at the paths of the uploads, on platform-%s',
  (platform) => {
    const apps = new ModuleApps();

    afterEach(() => apps.clear());

    async function start(given: Partial<TusModuleOptions> = {}, cors?: object): Promise<string> {
      const storage = new LocalStorage({ directory: await apps.folder() });
      const { origin } = await apps.start(platform, {
        imports: [TusModule.forRoot({ storage, ...given })],
        controllers: [Notes, Login],
        configure: (nest) => void (cors && nest.enableCors(cors)),
      });
      return origin;
    }

    const post = (url: string, headers: Record<string, string> = {}, body = '{"a":1}'): Promise<Answer> =>
      call({ method: 'POST', url, headers: { ...JSON_TYPE, ...headers }, body });
    const read = ({ body }: Answer): unknown => JSON.parse(body.toString());

    it('below an upload keep their bodies and their methods', async () => {
      const origin = await start();
      const url = `${origin}/files/abc/notes`;
      for (const override of OVERRIDES) {
        const answer = await post(url, override);
        expect(answer.status).toBe(201);
        expect(read(answer)).toEqual({ id: 'abc', body: { a: 1 } });
        expect(answer.headers).not.toHaveProperty('cache-control');
      }
      expect((await call({ method: 'DELETE', url })).body.toString()).toBe('cleared');
    });

    it('beside the uploads keep their bodies and their methods', async () => {
      const origin = await start();
      for (const override of OVERRIDES) {
        const answer = await post(`${origin}/files/search`, override);
        expect(answer.status).toBe(200);
        expect(read(answer)).toEqual({ found: { a: 1 } });
      }
      const report = await call({ method: 'GET', url: `${origin}/files/report.csv` });
      expect(report).toMatchObject({ status: 200, body: Buffer.from('a,b') });
    });

    it('are served beside uploads at the root of the application', async () => {
      const origin = await start({ path: '' });
      expect(read(await post(`${origin}/login`))).toEqual({ welcome: { a: 1 } });
      const icon = await call({ method: 'GET', url: `${origin}/favicon.ico` });
      expect(icon).toMatchObject({ status: 200, body: Buffer.from('icon') });
      expect(read(await post(`${origin}/files/abc/notes`))).toMatchObject({ body: { a: 1 } });
      const url = await create(`${origin}/`, { 'upload-length': '5' });
      expect((await patch(url, 0, 'hello')).status).toBe(204);
    });

    it('have the CORS of the application alone below an upload', async () => {
      const origin = await start(
        { cors: { origin: 'https://uploads.example.com' } },
        { origin: PAGE, methods: ['PUT', 'POST'] },
      );
      const url = `${origin}/files/abc/notes`;
      const preflight = await call({
        method: 'OPTIONS',
        url,
        headers: { origin: PAGE, 'access-control-request-method': 'PUT' },
      });
      expect(preflight.headers['access-control-allow-methods']).toMatch(/PUT/);
      for (const { headers } of [preflight, await post(url, { origin: PAGE })]) {
        expect(headers['access-control-allow-origin']).toBe(PAGE);
        expect(String(headers['access-control-expose-headers'])).not.toContain('Upload-Offset');
      }
    });

    it('leave every request of tus to the uploads (CRE-21, OVR-01)', async () => {
      const origin = await start();
      const created = await post(`${origin}/files`, tus({ 'upload-length': '5' }), 'not json');
      expect(created).toMatchObject({ status: 201, headers: { 'upload-offset': '0' } });
      const url = `${origin}${created.headers.location}`;
      const headers = { ...tus({ 'upload-offset': '0' }), 'x-http-method-override': 'PATCH' };
      expect((await post(url, headers, 'hello')).status).toBe(415);
      const bytes = { 'content-type': 'application/offset+octet-stream' };
      expect((await post(url, { ...headers, ...bytes }, 'hello')).status).toBe(204);
      expect((await head(url)).headers['upload-offset']).toBe('5');
    });

    it('and a request without any mark of tus changes no upload', async () => {
      const origin = await start();
      const url = await create(`${origin}/files`, { 'upload-length': '5' });
      const override = (meant: string) => ({ 'x-http-method-override': meant });
      expect((await post(url, override('DELETE'))).status).toBe(405);
      expect((await post(url, override('HEAD'))).status).toBe(405);
      expect((await post(`${origin}/files`)).status).toBe(412);
      expect((await call({ method: 'DELETE', url })).status).toBe(412);
      expect((await call({ method: 'HEAD', url })).headers['upload-offset']).toBe('0');
    });
  },
);
