import { afterEach, describe, expect, it } from '@jest/globals';
import { PLATFORMS, startApp } from './app.js';
import type { AppOptions, RunningApp } from './app.js';
import { BYTES, send, sendRaw, TUS } from './wire.js';

describe.each(PLATFORMS)('the connection on %s', (platform) => {
  let running: RunningApp | undefined;

  const start = async (options: AppOptions = {}): Promise<RunningApp> =>
    (running = await startApp(platform, options));

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  describe('asks for a body only when it is wanted', () => {
    const expecting = { ...TUS, ...BYTES, Expect: '100-continue' };

    it('and takes it then (CRE-23, trap 2)', async () => {
      const { port, uploads } = await start();
      const headers = { ...expecting, 'Upload-Length': '5' };
      expect(await send(port, { method: 'POST', headers, body: 'hello' })).toMatchObject({
        status: 201,
        continued: true,
      });
      expect(uploads.bytesOf('u1')).toBe('hello');
    });

    it('and answers at once otherwise (CRE-23)', async () => {
      const { port } = await start();
      const patch = { method: 'PATCH', path: '/files/none', body: 'x' };
      const refused = await send(port, { ...patch, headers: { ...expecting, 'Upload-Offset': '0' } });
      expect(refused).toMatchObject({ status: 404, continued: false });
    });

    it('and for the rest of the application as Node does', async () => {
      const { port } = await start();
      const reply = await send(port, { method: 'POST', path: '/other', headers: expecting, body: 'x' });
      expect(reply).toMatchObject({ status: 404, continued: true });
    });

    it('unless the application handles that itself', async () => {
      const { port } = await start({
        setUp: (app) =>
          app
            .getHttpServer()
            .on('checkContinue', (_request: unknown, response: { writeHead(s: number): { end(): void } }) =>
              response.writeHead(418).end(),
            ),
      });
      const reply = await send(port, {
        method: 'POST',
        headers: { ...expecting, 'Upload-Length': '1' },
        body: 'x',
      });
      expect(reply.status).toBe(418);
    });
  });

  describe('treats connections well', () => {
    it('and answers an expectation that nobody meets with 417, as one of tus (CORE-02)', async () => {
      const { port } = await start();
      for (const [path, tus] of [
        ['/files/u1', true],
        ['/other', false],
      ] as const) {
        const { text: answer } = await sendRaw(
          port,
          `PATCH ${path} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nExpect: more\r\nContent-Length: 5\r\n\r\n`,
        );
        // Resolves at the end of the connection only: nothing after this could be told from the body.
        expect(answer).toMatch(/^connection: close\r$/im);
        expect(answer).toMatch(/^HTTP\/1\.1 417 /);
        expect(/^tus-resumable: 1\.0\.0\r$/im.test(answer)).toBe(tus);
      }
    });

    it('and refuses a target of another scheme, which no Location may repeat', async () => {
      const { port, uploads } = await start();
      const { text: answer } = await sendRaw(
        port,
        'POST ftp://evil.example/files HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).not.toContain('evil.example/');
      expect(uploads.size).toBe(0);
    });

    const patchHead = (length: number, more = '') =>
      `PATCH /files/u1 HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n${more}\r\n`;

    it('and refuses a transfer coding on HTTP/1.0 (trap 4)', async () => {
      const { port } = await start();
      const head =
        'POST /files HTTP/1.0\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n';
      const { text: answer } = await sendRaw(port, `${head}1\r\nx\r\n0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('MALFORMED_REQUEST');
    });

    it('serves HTTP/1.0 otherwise (trap 4)', async () => {
      const { port } = await start();
      const { text: answer } = await sendRaw(
        port,
        'POST /files HTTP/1.0\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    });

    it('and lets a client see its answer that closes after sending a body in vain (trap 6)', async () => {
      const { port } = await start();
      const head = patchHead(900_000, 'Connection: close\r\n');
      const { text: answer, reset } = await sendRaw(port, head + 'x'.repeat(450_000), 'x'.repeat(450_000));
      expect(reset).toBe(false);
      expect(answer).toMatch(/^HTTP\/1\.1 412 /);
      expect(answer).toContain('UNSUPPORTED_VERSION');
    });

    it('and keeps a connection that sent a small body in vain (trap 6)', async () => {
      const { port } = await start();
      const next = 'OPTIONS /files HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
      const { text: answer } = await sendRaw(port, patchHead(100_000) + 'x'.repeat(100_000) + next);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 412', 'HTTP/1.1 204']);
    });

    it('and closes one that goes on sending (trap 6)', async () => {
      const { port } = await start();
      const body = 32 * 1024 * 1024;
      const { text: answer } = await sendRaw(
        port,
        Buffer.concat([Buffer.from(patchHead(body)), Buffer.alloc(body)]),
      );
      // The answer itself may be lost here; what counts is that the connection ended before the body was read.
      expect(answer === '' || answer.startsWith('HTTP/1.1 412')).toBe(true);
    });

    it('and one that announces a body and never sends it (trap 6)', async () => {
      const { port } = await start();
      expect((await sendRaw(port, `${patchHead(10)}12345`)).text).toMatch(/^HTTP\/1\.1 412 /);
    });
  });
});
