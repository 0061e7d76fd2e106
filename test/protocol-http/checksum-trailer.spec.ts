import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChecksumAlgorithm } from '../../src/index.js';
import { sendRaw } from '../http/wire.js';
import { OpenPatch } from '../support/open-patch.js';
import type { PatchOutcome } from '../support/open-patch.js';
import { create, head, patch } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { content, count, options, portOf } from './support.js';

const NEW = { 'upload-length': '10' };
const MIB = 1024 * 1024;
const DECLARED = { trailer: 'Upload-Checksum' };
type Field = readonly [name: string, value: string];

function digest(bytes: string, algorithm = 'sha1'): string {
  return `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`;
}

function field(bytes: string, algorithm?: string): Field {
  return ['Upload-Checksum', digest(bytes, algorithm)];
}

async function offsetOf(url: string): Promise<unknown> {
  return (await head(url)).headers['upload-offset'];
}

/** A PATCH in chunks, with fields behind its body. */
async function trailing(
  url: string,
  { offset = 0, body, fields, headers = {} }: Trailing,
): Promise<PatchOutcome> {
  const open = OpenPatch.begin(url, { offset, headers });
  await open.send(body);
  open.end(fields);
  return open.outcome();
}

interface Trailing {
  readonly offset?: number;
  readonly body: string;
  readonly fields: readonly Field[];
  readonly headers?: Record<string, string>;
}

overStorages('checksum', 'checksums behind the body', ({ platform, showsEachByte, place: newPlace }) => {
  let app: TusApp;
  let place: TestPlace;

  const start = async (tus: NonNullable<TusAppOptions['tus']> = {}): Promise<TusApp> =>
    (app = await TusApp.start({ platform, place, tus }));

  beforeEach(async () => {
    place = await newPlace();
  });
  afterEach(async () => {
    await app.stop();
    await place.close();
  });

  it('CHK-10 are offered in Tus-Extension', async () => {
    await start();
    expect(String((await options(app.endpoint)).headers['tus-extension']).split(',')).toContain(
      'checksum-trailer',
    );
  });

  it('CHK-11 are read from what goes over the wire as in the example of the notes', async () => {
    await start();
    const url = await create(app.endpoint, { 'upload-length': '5' });
    const message = (name: string, value: string) =>
      `PATCH ${new URL(url).pathname} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
      'Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n' +
      `${name}: Upload-Checksum\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nUpload-Checksum: ${value}\r\n\r\n`;
    const wrong = await sendRaw(portOf(app), message('Trailer', digest('HELLO')));
    expect(wrong.text).toMatch(/^HTTP\/1\.1 460 Checksum Mismatch\r\n/);
    const right = await sendRaw(portOf(app), message('trailer', digest('hello')));
    expect(right.text).toMatch(/^HTTP\/1\.1 204 /);
    expect(await content(app, url)).toBe('hello');
  });

  describe.each([
    ['that was announced', DECLARED],
    ['that nobody announced', {}],
  ] as [string, Record<string, string>][])('one %s', (_, headers) => {
    it.each(['sha1', 'sha256', 'sha512', 'md5'] as ChecksumAlgorithm[])(
      'CHK-10 CHK-11 CHK-12 CHK-13 is 204 for a right %s, 460 for a wrong one, of which no byte counts',
      async (algorithm) => {
        await start({ checksums: ['sha1', 'sha256', 'sha512', 'md5'] });
        const url = await create(app.endpoint, NEW);
        await patch(url, 0, 'he');
        const one = { offset: 2, body: 'lloworld', headers };
        const wrong = await trailing(url, { ...one, fields: [field('helloworld', algorithm)] });
        expect(wrong).toEqual({ status: 460, offset: undefined });
        expect(await offsetOf(url)).toBe('2');
        const right = await trailing(url, { ...one, fields: [field('lloworld', algorithm)] });
        expect(right).toEqual({ status: 204, offset: '10' });
        expect(await content(app, url)).toBe('helloworld');
      },
    );

    it('CHK-12 CHK-13 is checked behind an empty body, too, also at the end of a complete upload', async () => {
      await start();
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const empty = { body: '', headers };
      expect((await trailing(url, { ...empty, fields: [field('x')] })).status).toBe(460);
      expect((await trailing(url, { ...empty, fields: [field('')] })).status).toBe(204);
      await patch(url, 0, 'hello');
      expect((await trailing(url, { ...empty, offset: 5, fields: [field('x')] })).status).toBe(460);
      expect((await trailing(url, { ...empty, offset: 5, fields: [field('')] })).status).toBe(204);
    });

    it.each([
      ['of two values', [field('hello'), field('hello', 'sha256')]],
      ['of two values in one field', [['Upload-Checksum', `${digest('hello')}, ${digest('hello')}`]]],
      ['of an algorithm that is not enabled', [field('hello', 'md5')]],
      ['of another shape', [['Upload-Checksum', 'nonsense']]],
    ] as [string, Field[]][])('CHK-05 CHK-14 %s is 400, and no byte counts', async (_shape, fields) => {
      await start();
      const url = await create(app.endpoint, NEW);
      const answer = await trailing(url, { body: 'hello', headers, fields });
      expect(answer).toEqual({ status: 400, offset: undefined });
      expect(await offsetOf(url)).toBe('0');
    });

    it('CHK-14 must be right beside one in the header section that must be right', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const both = (first: string, behind: Field) =>
        trailing(url, {
          ...{ body: 'hello', fields: [behind] },
          headers: { ...headers, 'upload-checksum': digest(first) },
        });
      expect((await both('hello', field('HELLO'))).status).toBe(460);
      expect((await both('hello', field('HELLO', 'sha256'))).status).toBe(460);
      expect((await both('HELLO', field('hello'))).status).toBe(460);
      expect(await offsetOf(url)).toBe('0');
      expect((await both('hello', field('hello', 'sha256'))).status).toBe(204);
      expect(await offsetOf(url)).toBe('5');
    });

    it('CHK-06 CHK-10 a POST leaves nothing behind when it is wrong', async () => {
      await start();
      const url = new URL(app.endpoint);
      const message = (bytes: string) =>
        `POST ${url.pathname} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 5\r\n` +
        'Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n' +
        `${headers.trailer ? 'Trailer: Upload-Checksum\r\n' : ''}\r\n` +
        `5\r\nhello\r\n0\r\nUpload-Checksum: ${digest(bytes)}\r\n\r\n`;
      const wrong = await sendRaw(portOf(app), message('HELLO'));
      expect(wrong.text).toMatch(/^HTTP\/1\.1 460 Checksum Mismatch\r\n/);
      expect(wrong.text.toLowerCase()).not.toContain('\r\nlocation:');
      expect(await count(app)).toBe(0);
      expect((await sendRaw(portOf(app), message('hello'))).text).toMatch(/^HTTP\/1\.1 201 /);
    });
  });

  describe('one that was announced', () => {
    it('CHK-12 and does not come is 400, and no byte counts', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const headers = { trailer: 'X-Other, upload-checksum' };
      const answer = await trailing(url, { body: 'hello', headers, fields: [['X-Other', 'x']] });
      expect(answer).toEqual({ status: 400, offset: undefined });
      expect(await offsetOf(url)).toBe('0');
    });

    it('CHK-11 CHK-12 behind Content-Length, where none can come, is 400, and no byte counts', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const { text } = await sendRaw(
        portOf(app),
        `PATCH ${new URL(url).pathname} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
          'Content-Type: application/offset+octet-stream\r\nContent-Length: 5\r\nTrailer: Upload-Checksum\r\n' +
          'Connection: close\r\n\r\nhello',
      );
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(await offsetOf(url)).toBe('0');
    });

    it('CHK-09 CHK-12 counts nothing while it has not come, nor when it never does', async () => {
      await start();
      const url = await create(app.endpoint, NEW);
      const headers = { ...DECLARED, expect: '100-continue' };
      const running = OpenPatch.begin(url, { offset: 0, headers });
      await running.wanted();
      await running.send('hello');
      const other = await create(app.endpoint, { 'upload-length': String(10 * MIB) });
      const plain = OpenPatch.begin(other, { offset: 0, contentLength: 10 * MIB });
      await plain.send(Buffer.alloc(9 * MIB));
      while ((await offsetOf(other)) === '0');
      expect(await offsetOf(url)).toBe('0');
      running.cut();
      expect((await patch(url, 0, '')).status).toBe(204);
      expect(await offsetOf(url)).toBe('0');
      plain.cut();
    });
  });

  // Where a body is gathered to parts before it counts, it is verified before.
  if (showsEachByte)
    describe('one that nobody announced, behind a body of which a part is on record already', () => {
      const begin = async (url: string): Promise<OpenPatch> => {
        const running = OpenPatch.begin(url, { offset: 0 });
        await running.send('hello');
        while ((await offsetOf(url)) !== '5');
        await running.send('world');
        return running;
      };

      it('CHK-13 is 204 when it is right', async () => {
        await start();
        const url = await create(app.endpoint, NEW);
        const running = await begin(url);
        running.end([field('helloworld')]);
        expect(await running.outcome()).toEqual({ status: 204, offset: '10' });
        expect(await content(app, url)).toBe('helloworld');
      });

      it.each([
        ['460 when it is wrong', 460, [field('HELLOWORLD')]],
        ['400 when it cannot be read', 400, [['Upload-Checksum', 'nonsense']]],
      ] as [string, number, Field[]][])(
        'CHK-13 is %s, and the upload 410 from then on: an offset that was told is never taken back',
        async (_, status, fields) => {
          await start();
          const url = await create(app.endpoint, NEW);
          const running = await begin(url);
          running.end(fields);
          expect(await running.outcome()).toEqual({ status, offset: undefined });
          expect((await head(url)).status).toBe(410);
          expect((await patch(url, 5, 'world')).status).toBe(410);
        },
      );
    });

  it('CHK-15 no other field behind a body is read', async () => {
    await start();
    const url = await create(app.endpoint, { 'upload-defer-length': '1' });
    const fields: Field[] = [
      ['Upload-Offset', '7'],
      ['Upload-Length', '5'],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['Content-Type', 'text/plain'],
      ['__proto__', 'x'],
      field('hello'),
    ];
    expect(await trailing(url, { body: 'hello', headers: DECLARED, fields })).toEqual({
      status: 204,
      offset: '5',
    });
    expect((await head(url)).headers).toMatchObject({ 'upload-offset': '5', 'upload-defer-length': '1' });
  });

  it('CHK-15 more than 8 KiB of fields behind a body are 400, and no byte counts', async () => {
    await start();
    const url = await create(app.endpoint, NEW);
    const fields: Field[] = [
      ...Array.from({ length: 9 }, (_, n): Field => [`X-${n}`, 'x'.repeat(1024)]),
      field('hello'),
    ];
    expect((await trailing(url, { body: 'hello', headers: DECLARED, fields })).status).toBe(400);
    expect((await trailing(url, { body: 'hello', fields: fields.slice(0, 9) })).status).toBe(400);
    expect(await offsetOf(url)).toBe('0');
  });

  it('CHK-15 what Node itself refuses behind a body ends the connection, and completes nothing', async () => {
    await start();
    const url = await create(app.endpoint, { 'upload-length': '5' });
    const socket = connect({ port: portOf(app), host: '127.0.0.1' });
    socket.on('error', () => undefined).resume();
    socket.write(
      `PATCH ${new URL(url).pathname} HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
        'Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `5\r\nhello\r\n0\r\nX-Large: ${'x'.repeat(64 * 1024)}\r\n\r\n`,
    );
    await once(socket, 'close');
    expect((await patch(url, 0, 'HELLO')).status).toBe(204);
    expect(await content(app, url)).toBe('HELLO');
  });

  it.each([
    ['checksum alone', ['creation', 'expiration', 'checksum']],
    ['neither', ['creation', 'expiration']],
  ] as const)('CHK-16 mean nothing where they are switched off: %s', async (_, extensions) => {
    await start({ extensions });
    expect((await options(app.endpoint)).headers['tus-extension']).toBe(extensions.join(','));
    const url = await create(app.endpoint, NEW);
    const wrong = { body: 'hello', headers: DECLARED, fields: [field('HELLO')] };
    expect((await trailing(url, wrong)).status).toBe(204);
    expect((await trailing(url, { ...wrong, offset: 5, body: 'world', fields: [] })).status).toBe(204);
    expect(await content(app, url)).toBe('helloworld');
  });
});
