import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, constants } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { LocalStorage, StorageError, TusModule, UploadService } from '../../src/index.js';
import { tus } from '../support/raw-http.js';
import { FaultyStorage } from '../support/storages/faulty-storage.js';
import { whenClosed, lastingStream } from './lasting-stream.js';
import { BYTES, idOf } from './support.js';

// Of Nest's platforms only Fastify offers HTTP/2.
describe('tus over HTTP/2', () => {
  let nest: INestApplication;
  let directory: string;
  let session: ClientHttp2Session;
  let storage: FaultyStorage;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
    storage = new FaultyStorage(new LocalStorage({ directory }));
    const module = await Test.createTestingModule({
      imports: [TusModule.forRoot({ storage, bodyIdleTimeout: 200, downloads: true })],
    }).compile();
    // The adapter's type knows HTTP/1 servers only.
    nest = module.createNestApplication(new FastifyAdapter({ http2: true } as object), { logger: false });
    await nest.listen(0, '127.0.0.1');
    const { port } = nest.getHttpServer().address() as AddressInfo;
    session = connect(`http://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    session.close();
    await nest.close();
    await rm(directory, { recursive: true, force: true });
  });

  const open = (headers: OutgoingHttpHeaders, endStream = false): ClientHttp2Stream =>
    session.request({ ...tus(), ...headers }, { endStream });

  async function ask(headers: OutgoingHttpHeaders, body?: string): Promise<IncomingHttpHeaders> {
    const stream = open(headers, body === undefined);
    if (body !== undefined) stream.end(body);
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    const closed = once(stream, 'close');
    stream.resume();
    await closed;
    return answer;
  }

  const create = async (length: number) =>
    String((await ask({ ':method': 'POST', ':path': '/files', 'upload-length': String(length) })).location);
  const patching = (path: string, offset: number) => ({
    ...{ ':method': 'PATCH', ':path': path, 'upload-offset': String(offset), ...BYTES },
  });
  const offsetOf = async (path: string) => (await ask({ ':method': 'HEAD', ':path': path }))['upload-offset'];

  it('CORE-30 works as over HTTP/1.1: create, append, ask, conclude, refuse, delete', async () => {
    const path = await create(11);
    expect(await ask(patching(path, 0), 'hello ')).toMatchObject({ ':status': 204, 'upload-offset': '6' });
    expect(await ask(patching(path, 0), 'x')).toMatchObject({ ':status': 409, 'upload-offset': '6' });
    expect(await ask(patching(path, 6), 'world, and more')).toMatchObject({ ':status': 413 });
    expect(await ask(patching(path, 6), 'world')).toMatchObject({ ':status': 204, 'upload-offset': '11' });
    expect(await ask({ ':method': 'DELETE', ':path': path })).toMatchObject({ ':status': 204 });
    const gone = await ask({ ':method': 'HEAD', ':path': path });
    expect(gone).toMatchObject({ ':status': 404, 'tus-resumable': '1.0.0', 'cache-control': 'no-store' });
  });

  it('CORE-30 CON-07 concatenates as over HTTP/1.1', async () => {
    const partial = (body: string) =>
      ask(
        {
          ...{ ':method': 'POST', ':path': '/files', 'upload-concat': 'partial', ...BYTES },
          'upload-length': String(body.length),
        },
        body,
      );
    const list = [(await partial('hello ')).location, (await partial('world')).location].join(' ');
    const final = await ask({ ':method': 'POST', ':path': '/files', 'upload-concat': `final;${list}` });
    expect(final).toMatchObject({ ':status': 201, 'upload-offset': '11', 'upload-length': '11' });
  });

  describe.each([
    ['announced', { trailer: 'upload-checksum' }],
    ['that nobody announced', {}],
  ])('with a checksum behind the body, %s,', (_, headers) => {
    const trailing = async (
      asked: OutgoingHttpHeaders,
      body: string,
      said: string,
    ): Promise<IncomingHttpHeaders> => {
      const stream = session.request({ ...tus(), ...asked, ...headers }, { waitForTrailers: true });
      const digest = createHash('sha1').update(said).digest('base64');
      stream.on('wantTrailers', () => stream.sendTrailers({ 'upload-checksum': `sha1 ${digest}` }));
      const [answer] = (await Promise.all([once(stream, 'response'), stream.end(body)]))[0] as [
        IncomingHttpHeaders,
      ];
      const closed = once(stream, 'close');
      stream.resume();
      await closed;
      return answer;
    };

    it.each([{}, { 'content-length': '5' }])(
      'CORE-30 CHK-11 CHK-04 a PATCH is 204 or 460: %j',
      async (length) => {
        const path = await create(5);
        const asked = { ...patching(path, 0), ...length };
        expect(await trailing(asked, 'hello', 'HELLO')).toMatchObject({ ':status': 460 });
        expect(await offsetOf(path)).toBe('0');
        expect(await trailing(asked, 'hello', 'hello')).toMatchObject({
          ':status': 204,
          'upload-offset': '5',
        });
      },
    );

    it('CORE-30 CHK-11 CHK-06 a POST is 201 or 460', async () => {
      const asked = {
        ':method': 'POST',
        ':path': '/files',
        'upload-length': '5',
        'content-length': '5',
        ...BYTES,
      };
      const wrong = await trailing(asked, 'hello', 'HELLO');
      expect(wrong).toMatchObject({ ':status': 460 });
      expect(wrong).not.toHaveProperty('location');
      expect(await trailing(asked, 'hello', 'hello')).toMatchObject({ ':status': 201, 'upload-offset': '5' });
    });
  });

  describe('a download', () => {
    const stored = async (body: string) => {
      const path = await create(body.length);
      await ask(patching(path, 0), body);
      return path;
    };
    const get = async (path: string, headers: OutgoingHttpHeaders = {}) => {
      const stream = session.request({ ':method': 'GET', ':path': path, ...headers });
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      return { stream, answer };
    };

    it('CORE-30 GET-02 GET-06 is whole or a range, as over HTTP/1.1', async () => {
      const path = await stored('hello world');
      const whole = await get(path);
      expect(whole.answer).toMatchObject({ ':status': 200, 'content-length': '11' });
      expect(await text(whole.stream)).toBe('hello world');
      const part = await get(path, { range: 'bytes=6-' });
      expect(part.answer).toMatchObject({ ':status': 206, 'content-range': 'bytes 6-10/11' });
      expect(await text(part.stream)).toBe('world');
    });

    it('CORE-30 GET-08 that fails has its stream reset; one that is reset frees the stream of the storage', async () => {
      const path = await stored('hello');
      const source = lastingStream('he');
      storage.readFault = () => source;
      const failing = await get(path);
      const reset = whenClosed(failing.stream.on('error', () => undefined).resume());
      source.destroy(new StorageError('unavailable', 'the disk does not answer'));
      await reset;
      expect(failing.stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);

      const lasting = lastingStream('he');
      storage.readFault = () => lasting;
      const abandoned = await get(path);
      const freed = whenClosed(lasting);
      abandoned.stream.close(constants.NGHTTP2_CANCEL);
      await freed;
    });
  });

  it('CORE-30 CORE-15 a stream that is reset keeps its prefix, and completes nothing (trap 32)', async () => {
    const path = await create(5);
    const stream = open(patching(path, 0));
    stream.on('error', () => undefined);
    // All of the bytes, but not the end of the body.
    await new Promise<void>((resolve) => stream.write('hello', () => resolve()));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    // `close()` would end the body before it resets the stream.
    stream.destroy(new Error('cut'));
    await closed;
    expect(await ask(patching(path, 0), 'HELLO')).toMatchObject({ ':status': 204 });
    const uploads = nest.get(UploadService, { strict: false });
    expect(await text(await uploads.read(idOf(path)))).toBe('HELLO');
  });

  it('CORE-30 CORE-21 an idle body has its stream reset, without an answer, and the connection lives on', async () => {
    const path = await create(10);
    const stream = open(patching(path, 0));
    let answered = false;
    stream.on('response', () => (answered = true)).on('error', () => undefined);
    stream.write('hello');
    await once(stream, 'close');
    expect({ answered, code: stream.rstCode }).toEqual({ answered: false, code: constants.NGHTTP2_CANCEL });
    expect(await offsetOf(path)).toBe('5');
    expect(await ask(patching(path, 5), 'world')).toMatchObject({ ':status': 204 });
  });
});
