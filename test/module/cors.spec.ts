import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { TusModuleOptions } from '../../src/index.js';
import { TUS_EXTENSIONS } from '../../src/protocol/tus/extensions.js';
import { call, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';

const PAGE = 'https://app.example.com';

/** What a browser asks of a server before and after it lets a page send a request, and what it then lets it read. */
class Browser {
  constructor(
    private readonly endpoint: string,
    private readonly origin = PAGE,
  ) {}

  preflight(method: string, headers: readonly string[]): Promise<Answer> {
    return call({
      method: 'OPTIONS',
      url: this.endpoint,
      headers: {
        origin: this.origin,
        'access-control-request-method': method,
        'access-control-request-headers': headers.join(','),
      },
    });
  }

  /** Whether the answer to a preflight lets the page send such a request. */
  async maySend(method: string, headers: readonly string[]): Promise<boolean> {
    const answer = await this.preflight(method, headers);
    const allowed = (name: string) => listOf(answer, `access-control-allow-${name}`);
    const safelisted = ['GET', 'HEAD', 'POST'].includes(method);
    return (
      answer.status >= 200 &&
      answer.status < 300 &&
      this.isAllowed(answer) &&
      (safelisted || allowed('methods').includes(method.toLowerCase())) &&
      headers.every((header) => allowed('headers').includes(header.toLowerCase()))
    );
  }

  async send(method: string, url: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    return call({
      method,
      url,
      headers: tus({ origin: this.origin, ...headers }),
      ...(body !== undefined && { body }),
    });
  }

  /** The header as a script sees it; undefined where the browser hides it. */
  read(answer: Answer, name: string): string | undefined {
    if (!this.isAllowed(answer)) return undefined;
    const exposed = listOf(answer, 'access-control-expose-headers');
    return exposed.includes(name.toLowerCase()) ? String(answer.headers[name.toLowerCase()]) : undefined;
  }

  private isAllowed(answer: Answer): boolean {
    return ['*', this.origin].includes(String(answer.headers['access-control-allow-origin']));
  }
}

function listOf(answer: Answer, name: string): string[] {
  return String(answer.headers[name] ?? '')
    .split(',')
    .map((value) => value.trim().toLowerCase());
}

const CREATION = ['tus-resumable', 'upload-length', 'upload-metadata', 'upload-concat', 'authorization'];
const APPEND = ['tus-resumable', 'upload-offset', 'content-type'];

describe.each(PLATFORMS)('a page of another origin, on platform-%s', (platform) => {
  let app: TusApp | undefined;

  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  async function open(
    tusOptions: Partial<TusModuleOptions>,
    configure: (nest: INestApplication) => void = () => undefined,
  ): Promise<TusApp> {
    app = await TusApp.start({ platform, tus: tusOptions, configure });
    return app;
  }

  function enableCors(nest: INestApplication): void {
    if (platform === 'express') return nest.enableCors();
    // Left alone, Fastify's plugin allows no PATCH and takes every OPTIONS for a preflight.
    const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];
    (nest as NestFastifyApplication).enableCors({ methods, strictPreflight: false });
  }

  async function uploadsFrom(browser: Browser, endpoint: string): Promise<void> {
    expect(await browser.maySend('POST', CREATION)).toBe(true);
    const created = await browser.send('POST', endpoint, { 'upload-length': '5' });
    const url = new URL(browser.read(created, 'Location') ?? '', endpoint).href;
    expect(await browser.maySend('PATCH', APPEND)).toBe(true);
    const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
    const appended = await browser.send('PATCH', url, headers, 'hello');
    expect(browser.read(appended, 'Upload-Offset')).toBe('5');
    expect(await browser.maySend('HEAD', ['tus-resumable'])).toBe(true);
    expect(browser.read(await browser.send('HEAD', url, {}), 'Upload-Length')).toBe('5');
    expect(await browser.maySend('DELETE', ['tus-resumable'])).toBe(true);
    const conflict = await browser.send('PATCH', url, { ...headers, 'upload-offset': '3' }, 'x');
    expect(conflict.status).toBe(409);
    expect(browser.read(conflict, 'Upload-Offset')).toBe('5');
  }

  it('uploads where the module’s own `cors` is true (CORS-01 to CORS-05)', async () => {
    const { endpoint } = await open({ cors: true });
    await uploadsFrom(new Browser(endpoint), endpoint);
  });

  it('uploads where `cors` names its origin, and another page does not (CORS-06, CORS-07)', async () => {
    const { endpoint } = await open({ cors: { origin: PAGE, credentials: true } });
    const browser = new Browser(endpoint);
    await uploadsFrom(browser, endpoint);
    const answer = await browser.send('POST', endpoint, { 'upload-length': '5' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      vary: expect.stringContaining('Origin'),
    });
    const other = new Browser(endpoint, 'https://app.example.com.evil.example');
    expect(await other.maySend('POST', CREATION)).toBe(false);
    expect(
      other.read(await other.send('POST', endpoint, { 'upload-length': '5' }), 'Location'),
    ).toBeUndefined();
  });

  it('uploads where the application calls enableCors() (CORS-08)', async () => {
    const { endpoint } = await open({}, enableCors);
    await uploadsFrom(new Browser(endpoint), endpoint);
  });

  it('is not let in where nothing allows it (CORS-07)', async () => {
    const { endpoint } = await open({});
    const browser = new Browser(endpoint);
    expect(await browser.maySend('POST', CREATION)).toBe(false);
    expect(browser.read(await browser.send('POST', endpoint, { 'upload-length': '5' }), 'Location')).toBe(
      undefined,
    );
  });

  it.each([
    ['the module’s own CORS', { cors: true }, () => undefined],
    ['enableCors()', {}, (nest: INestApplication) => enableCors(nest)],
    ['no CORS', {}, () => undefined],
  ])('and OPTIONS lists the extensions with %s (OPT-03, OPT-09, CORS-08)', async (_, options, configure) => {
    const { endpoint } = await open(options, configure);
    const plain = await call({ method: 'OPTIONS', url: endpoint });
    const preflight = await new Browser(endpoint).preflight('PATCH', APPEND);
    for (const answer of [plain, preflight]) {
      expect(answer).toMatchObject({
        status: 204,
        headers: {
          'tus-version': '1.0.0',
          'tus-extension': TUS_EXTENSIONS.join(','),
        },
      });
    }
  });
});
