import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { StorageError, TusController } from '../../src/index.js';
import type { TusAnswer, TusRequest } from '../../src/index.js';
import { call, tus } from '../support/raw-http.js';
import { faultyApp } from '../support/storages/faulty-app.js';
import type { FaultyStorage } from '../support/storages/faulty-storage.js';
import { localPlace } from '../support/storages/local-place.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TusApp } from '../support/tus-app.js';
import { whenClosed, lastingStream } from './lasting-stream.js';
import { made, post, remove } from './support.js';

type FastifyInstance = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

/** More than the buffers of two sockets hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024, 'large and lasting; ');

/** Sends a title along that no header can be, if a request asks for one. */
class Titled extends TusController {
  protected override async download(asking: TusRequest, id: string): Promise<TusAnswer> {
    const answer = await super.download(asking, id);
    return asking.header('X-Title') === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, 'X-Title': 'two\nlines' } };
  }
}

const OPTIONS = { downloads: true, controller: Titled };

async function stored(app: TusApp, bytes: string | Buffer): Promise<string> {
  return made(app, await post(app, { 'upload-length': String(Buffer.byteLength(bytes)) }, bytes));
}

/** The answer as soon as its headers are there; none of its body is read. */
async function begin(url: string): Promise<IncomingMessage> {
  const outgoing = request(url, { agent: false });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return incoming;
}

overStorages('downloads', 'the bytes of a download', (on) => {
  let app: TusApp;
  let storage: FaultyStorage;
  let stop: () => Promise<void>;

  beforeAll(async () => ({ app, storage, stop } = await faultyApp(on, { tus: OPTIONS })));
  afterAll(() => stop());

  it('GET-08 are not read faster than the client takes them, and a DELETE meanwhile leaves them whole', async () => {
    const url = await stored(app, LARGE);
    const incoming = await begin(url);
    expect((await remove(url)).status).toBe(204);
    const stream = storage.streams.at(-1);
    expect(stream?.readableEnded).toBe(false);
    expect((await buffer(incoming)).equals(LARGE)).toBe(true);
    expect((await call({ method: 'GET', url })).status).toBe(404);
  });

  it('GET-08 are given up when the client goes away: the stream of the storage is closed', async () => {
    const url = await stored(app, LARGE);
    const incoming = await begin(url);
    const stream = storage.streams.at(-1);
    if (!stream) throw new Error('nothing was read');
    const freed = whenClosed(stream);
    incoming.destroy();
    await freed;
    expect(stream.readableEnded).toBe(false);
  });

  it('GET-08 are given up when the client goes away while the storage says nothing', async () => {
    const url = await stored(app, 'hello');
    const stream = lastingStream('he');
    storage.readFault = () => stream;
    const incoming = await begin(url);
    const freed = whenClosed(stream);
    incoming.destroy();
    await freed;
  });

  it('GET-08 that the storage cannot give to the end cut the connection: a part never passes for the whole', async () => {
    const url = await stored(app, 'hello');
    const stream = lastingStream('he');
    storage.readFault = () => stream;
    const incoming = await begin(url);
    stream.destroy(new StorageError('unavailable', 'the disk does not answer'));
    expect(incoming).toMatchObject({ statusCode: 200, headers: { 'content-length': '5' } });
    await expect(buffer(incoming)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await call({ method: 'GET', url })).toMatchObject({ status: 200, body: Buffer.from('hello') });
  });

  it.each<[string, () => Readable | Promise<Readable>]>([
    ['cannot be opened', () => Promise.reject(new StorageError('unavailable', 'not mounted'))],
    [
      'fail before the first one',
      () => lastingStream('').destroy(new StorageError('unavailable', 'no answer')),
    ],
    ['end in an unforeseen way', () => lastingStream('').destroy()],
  ])('GET-08 CORE-29 that %s are 503 with Retry-After', async (_, fault) => {
    const url = await stored(app, 'hello');
    storage.readFault = fault;
    const answer = await call({ method: 'GET', url });
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', 'cache-control': 'no-store' },
    });
    expect(answer.headers).not.toHaveProperty('accept-ranges');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('GET-08 are given up where a step that was overridden gives what no header can be: 500', async () => {
    const url = await stored(app, 'hello');
    const { status, headers } = await call({ method: 'GET', url, headers: { 'x-title': '1' } });
    expect(status).toBe(500);
    expect(headers).not.toHaveProperty('accept-ranges');
    expect(storage.streams.at(-1)?.destroyed).toBe(true);
    expect((await call({ method: 'GET', url })).body.toString()).toBe('hello');
  });

  it('GET-08 leave the connection to the next request', async () => {
    const url = await stored(app, 'hello');
    const wire = `GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n`;
    const client = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    client.write(
      `${wire}Range: bytes=0-1\r\n\r\n${wire}If-None-Match: *\r\n\r\n${wire}Connection: close\r\n\r\n`,
    );
    const answers = (await buffer(client)).toString('latin1');
    expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      ...['206', '304', '200'],
    ]);
    expect(answers.endsWith('\r\n\r\nhello')).toBe(true);
  });
});

describe('what compresses the answers of an application', () => {
  it('GET-09 does not touch a download on fastify, and its other headers stay', async () => {
    const configure = (nest: TusApp['nest']) => {
      const fastify: FastifyInstance = nest.getHttpAdapter().getInstance();
      fastify.addHook('onRequest', async (_request, reply) => void reply.header('x-frame-options', 'DENY'));
      fastify.addHook('onSend', async (_request, _reply, payload) =>
        payload instanceof Readable ? payload.pipe(shouting()) : payload,
      );
    };
    const on = { platform: 'fastify', place: () => localPlace() } as const;
    const { app, stop } = await faultyApp(on, { configure, tus: OPTIONS });
    const url = await stored(app, 'hello');
    expect(await call({ method: 'GET', url, headers: tus() })).toMatchObject({
      status: 200,
      headers: { 'x-frame-options': 'DENY', 'content-length': '5' },
      body: Buffer.from('hello'),
    });
    await stop();
  });
});

function shouting(): Transform {
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, chunk.toString().toUpperCase()),
  });
}
