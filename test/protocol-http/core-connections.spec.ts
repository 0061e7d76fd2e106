import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send, sendRaw } from '../http/wire.js';
import { create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { BYTES, content, count, portOf } from './support.js';

const NEW = { 'upload-length': '5' };
const TUS = 'Host: h\r\nTus-Resumable: 1.0.0\r\n';
const TYPE = `Content-Type: ${BYTES['content-type']}\r\n`;

describe.each(PLATFORMS)('connections on platform-%s', (platform) => {
  let app: TusApp;

  beforeAll(async () => {
    app = await TusApp.start({ platform });
  });
  afterAll(() => app.stop());

  const offsetOf = async (url: string) => (await head(url)).headers['upload-offset'];

  describe('framing that two servers could read in two ways', () => {
    it.each([
      ['two different lengths', 'Content-Length: 5\r\nContent-Length: 4\r\n', '1.1'],
      ['a length and a transfer coding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '1.1'],
      ['an unknown transfer coding', 'Transfer-Encoding: gzip\r\n', '1.1'],
      ['a length that is no number', 'Content-Length: 5x\r\n', '1.1'],
      ['a transfer coding on HTTP/1.0', 'Transfer-Encoding: chunked\r\n', '1.0'],
    ])(
      'CORE-01 CORE-12 is refused with 400 and the connection closed: %s (traps 4, 5)',
      async (_, framing, version) => {
        const url = await create(app.endpoint, NEW);
        const { text } = await sendRaw(
          portOf(app),
          `PATCH ${new URL(url).pathname} HTTP/${version}\r\n${TUS}${TYPE}Upload-Offset: 0\r\n${framing}\r\n5\r\nhello\r\n0\r\n\r\n`,
        );
        expect(text).toMatch(/^HTTP\/1\.1 400 /);
        expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
        expect(await offsetOf(url)).toBe('0');
      },
    );

    it('CORE-12 HTTP/1.0 without a length has no body, and with one it has', async () => {
      const url = await create(app.endpoint, NEW);
      const line = `PATCH ${new URL(url).pathname} HTTP/1.0\r\n${TUS}${TYPE}Upload-Offset: 0\r\n`;
      const without = await sendRaw(portOf(app), `${line}\r\n`);
      expect(without.text).toMatch(/^HTTP\/1\.1 204 /);
      expect(await offsetOf(url)).toBe('0');
      const withOne = await sendRaw(portOf(app), `${line}Content-Length: 5\r\n\r\nhello`);
      expect(withOne.text).toMatch(/^HTTP\/1\.1 204 /);
      expect(await content(app, url)).toBe('hello');
    });

    it('CORE-12 requests that are sent without waiting are answered in their order', async () => {
      const urls = [await create(app.endpoint, NEW), await create(app.endpoint, NEW)];
      const [a = '', b = ''] = urls.map((url) => new URL(url).pathname);
      const one = (path: string, offset: number, body: string, more = '') =>
        `PATCH ${path} HTTP/1.1\r\n${TUS}${TYPE}Upload-Offset: ${offset}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
      const { text } = await sendRaw(
        portOf(app),
        one(a, 0, 'hello') + one('/files/none', 9, 'x') + one(b, 0, 'world', 'Connection: close\r\n'),
      );
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 204', 'HTTP/1.1 404', 'HTTP/1.1 204']);
      expect(await Promise.all(urls.map((url) => content(app, url)))).toEqual(['hello', 'world']);
    });
  });

  describe('Expect: 100-continue', () => {
    const expecting = { ...tus(BYTES), Expect: '100-continue' };

    it.each([false, true])(
      'CRE-23 CORE-12 is answered 100 when the body is wanted; chunked: %s (trap 2)',
      async (chunked) => {
        const port = portOf(app);
        const headers = { ...expecting, ...NEW };
        const created = await send(port, { method: 'POST', headers, body: 'he', chunked });
        expect(created).toMatchObject({ status: 201, continued: true, headers: { 'upload-offset': '2' } });
        const path = String(created.headers.location);
        const more = { ...expecting, 'upload-offset': '2' };
        const patched = await send(port, { method: 'PATCH', path, headers: more, body: 'llo', chunked });
        expect(patched).toMatchObject({ status: 204, continued: true, headers: { 'upload-offset': '5' } });
      },
    );

    it.each([
      ['412', 'PATCH', 'U', { ...expecting, 'tus-resumable': '2', 'upload-offset': '0' }],
      ['404', 'PATCH', '/files/none', { ...expecting, 'upload-offset': '0' }],
      ['415', 'PATCH', 'U', { ...expecting, 'content-type': 'text/plain', 'upload-offset': '0' }],
      ['400', 'PATCH', 'U', expecting],
      ['413', 'PATCH', 'U', { ...expecting, 'upload-offset': '3' }],
      ['409', 'PATCH', 'U', { ...expecting, 'upload-offset': '1' }],
      ['400', 'POST', '/files', expecting],
      ['413', 'POST', '/files', { ...expecting, 'upload-length': '2' }],
      ['403', 'POST', '/files', { ...expecting, 'upload-concat': 'final;/files/a' }],
    ])(
      'CRE-23 is answered %s at once, without a 100, where the body is not wanted: %s on %s',
      async (status, method, target, headers) => {
        const path = target === 'U' ? new URL(await create(app.endpoint, NEW)).pathname : target;
        const before = await count(app);
        const refused = await send(portOf(app), { method, path, headers, body: 'llo' });
        expect(refused).toMatchObject({ status: Number(status), continued: false });
        // Whether the body still comes is not known, so no other request may follow on this connection.
        expect(refused.headers.connection).toBe('close');
        expect(await count(app)).toBe(before);
      },
    );

    it('CRE-21 is not asked for content that does not count, and the creation succeeds', async () => {
      const headers = { ...expecting, ...NEW, 'content-type': 'text/plain' };
      const answer = await send(portOf(app), { method: 'POST', headers, body: 'hello' });
      expect(answer).toMatchObject({ status: 201, continued: false, headers: { 'upload-offset': '0' } });
    });
  });

  describe('an early refusal', () => {
    const early = (path: string, length: number, more = '') =>
      `PATCH ${path} HTTP/1.1\r\n${TUS}${TYPE}Upload-Offset: 0\r\n${more}Content-Length: ${length}\r\n\r\n`;

    it('CORE-16 over a small body that is still on its way leaves the connection usable (trap 6)', async () => {
      const url = await create(app.endpoint, NEW);
      const path = new URL(url).pathname;
      const { text } = await sendRaw(
        portOf(app),
        early(path, 200_000) + 'x'.repeat(100_000),
        'x'.repeat(100_000) + early(path, 5, 'Connection: close\r\n') + 'hello',
      );
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 204']);
      expect(await content(app, url)).toBe('hello');
    });

    it('CORE-16 over a large body ends the connection before all of it was sent (trap 6)', async () => {
      const path = new URL(await create(app.endpoint, NEW)).pathname;
      const socket = connect({ port: portOf(app), host: '127.0.0.1' });
      const closed = new Promise((resolve) => socket.once('close', resolve));
      let status = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => (status ||= chunk.toString('latin1').slice(9, 12)));
      socket.write(early(path, 1024 * 1024 * 1024));
      await once(socket, 'data');
      const piece = Buffer.alloc(64 * 1024);
      const feed = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', feed);
      feed();
      await closed;
      expect(status).toBe('413');
      expect(socket.bytesWritten).toBeLessThan(64 * 1024 * 1024);
      expect((await patch(`${app.origin}${path}`, 0, 'hello')).status).toBe(204);
    });

    it('CORE-02 CORE-05 a HEAD or DELETE with a body is served, and the body skipped (trap 33)', async () => {
      const path = new URL(await create(app.endpoint, NEW)).pathname;
      const one = (method: string, more = '') =>
        `${method} ${path} HTTP/1.1\r\n${TUS}${more}Content-Length: 3\r\n\r\nabc`;
      const ask = await sendRaw(portOf(app), one('HEAD') + one('HEAD', 'Connection: close\r\n'));
      expect(ask.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
      const removal = await sendRaw(portOf(app), one('DELETE', 'Connection: close\r\n'));
      expect(removal.text).toMatch(/^HTTP\/1\.1 204 /);
    });
  });
});
