import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import {
  TusClient,
  TusClientOptionError,
  TusConnectionError,
  TusProtocolError,
  TusResponseError,
} from '../../src/client/index.js';
import { content } from '../support/content.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;

beforeEach(async () => {
  folder = await ClientFolder.make();
});
afterEach(() => folder.remove());

describe.each(PLATFORMS)('with a server on %s', (platform) => {
  let app: TusApp;
  let client: TusClient;

  beforeEach(async () => {
    app = await TusApp.start({ platform, tus: { downloads: true, maxSize: 10 * MIB } });
    client = new TusClient({ endpoint: app.endpoint, retryDelays: [] });
  });
  afterEach(() => app.stop());

  it('serverInfo tells what it offers', async () => {
    const info = await client.serverInfo();
    expect(info).toMatchObject({
      versions: ['1.0.0'],
      checksumAlgorithms: ['sha1', 'sha256'],
      maxSize: 10 * MIB,
    });
    expect(info.extensions).toContain('concatenation');
  });

  it('info tells of an upload what HEAD says', async () => {
    const { path } = await folder.file(MIB, 'Ä.txt');
    const { url } = await client.uploadFile(path, { stopAt: 1000, metadata: { album: 'x' } });
    const info = await client.info(url);
    expect(info).toMatchObject({
      url,
      kind: 'single',
      offset: 1000,
      length: MIB,
      complete: false,
      partialUrls: [],
    });
    expect({ ...info.metadata.toObject() }).toEqual({
      filename: 'Ä.txt',
      filetype: 'text/plain',
      album: 'x',
    });
    expect(info.expiresAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('terminate removes an upload, which is not there any more', async () => {
    const { path } = await folder.file(10);
    const { url } = await client.uploadFile(path);
    await client.terminate(url);
    expect(await failure(client.info(url))).toMatchObject({ status: 404, method: 'HEAD' });
  });

  it('download gets the file to its place, and tells how far it is', async () => {
    const { path, bytes } = await folder.file(3 * MIB);
    const { url } = await client.uploadFile(path, { parallelUploads: 3 });
    await writeFile(folder.at('copy'), 'what was there is replaced');
    const told: [number, number | null][] = [];
    const onProgress = (received: number, total: number | null) => void told.push([received, total]);
    const got = await client.download(url, folder.at('copy'), { onProgress });
    expect(got).toEqual({ path: folder.at('copy'), size: 3 * MIB });
    expect((await readFile(got.path)).equals(bytes)).toBe(true);
    expect(told.at(-1)).toEqual([3 * MIB, 3 * MIB]);
    expect((await readdir(folder.path)).toSorted()).toEqual(['copy', 'file.bin']);
  });

  it('download that is resumed asks for the rest alone', async () => {
    const { path, bytes } = await folder.file(3 * MIB);
    const { url } = await client.uploadFile(path);
    const stop = new AbortController();
    const first = client.download(url, folder.at('copy'), {
      ...{ resume: true, signal: stop.signal },
      onProgress: () => stop.abort(new Error('enough')),
    });
    expect(await failure(first)).toEqual(new Error('enough'));
    expect((await readdir(folder.path)).toSorted()).toEqual(['copy.part', 'copy.part.etag', 'file.bin']);
    const { size: kept } = await stat(folder.at('copy.part'));
    const told: number[] = [];
    await client.download(url, folder.at('copy'), { resume: true, onProgress: (at) => void told.push(at) });
    expect(kept).toBeGreaterThan(0);
    expect(told[0]).toBeGreaterThan(kept);
    expect((await readFile(folder.at('copy'))).equals(bytes)).toBe(true);
    expect((await readdir(folder.path)).toSorted()).toEqual(['copy', 'file.bin']);
  });

  it('download of an empty file is an empty file', async () => {
    const { path } = await folder.file(0);
    const { url } = await client.uploadFile(path);
    for (const resume of [false, true]) {
      expect(await client.download(url, folder.at('copy'), { resume })).toMatchObject({ size: 0 });
    }
  });

  it('download of what is not complete fails with the answer of the server, and leaves nothing', async () => {
    const { path } = await folder.file(10);
    const { url } = await client.uploadFile(path, { stopAt: 5 });
    const error = await failure(client.download(url, folder.at('copy')));
    expect(error).toBeInstanceOf(TusResponseError);
    expect(error).toMatchObject({ status: 404, method: 'GET' });
    expect(await readdir(folder.path)).toEqual(['file.bin']);
  });
});

it('info tells the rest of an upload whose metadata cannot be read', async () => {
  const peer = await new TusPeer().start();
  try {
    peer.fault = (_request, response) =>
      Boolean(response.writeHead(200, { 'Upload-Offset': 3, 'Upload-Metadata': 'filename a.b' }).end());
    const info = await new TusClient().info(`${peer.endpoint}/1`);
    expect(info).toMatchObject({ offset: 3, metadata: { size: 0 } });
  } finally {
    await peer.stop();
  }
});

describe('a download', () => {
  const BYTES = content(2 * MIB, 1);
  let server: Server;
  let url: string;
  let ranges: (string | undefined)[];
  let serve: (request: IncomingMessage, response: ServerResponse) => void;
  const client = new TusClient({ retryDelays: [0, 0] });

  beforeEach(async () => {
    ranges = [];
    server = createServer((request, response) => {
      ranges.push(request.headers.range);
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([false, true])(
    'to a folder is refused before anything is asked for (resume: %p)',
    async (resume) => {
      const error = await failure(client.download(url, folder.path, { resume }));
      expect(error).toBeInstanceOf(TusClientOptionError);
      expect(error.message).toBe(
        `TusClient: option "path" is '${folder.path}'; name a file: there is a folder of this name.`,
      );
      expect(ranges).toEqual([]);
    },
  );

  it('goes on where the connection broke', async () => {
    serve = cutAt(MIB);
    await client.download(url, folder.at('copy'));
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect((await readFile(folder.at('copy'))).equals(BYTES)).toBe(true);
  });

  it('begins anew when the file is another one by then (If-Range)', async () => {
    const newer = content(MIB, 2);
    serve = (request, response) => {
      if (ranges.length === 1) return cutAt(MIB)(request, response);
      expect(request.headers['if-range']).toBe('"1"');
      response.writeHead(200, { ETag: '"2"', 'Content-Length': MIB }).end(newer);
    };
    await client.download(url, folder.at('copy'));
    expect((await readFile(folder.at('copy'))).equals(newer)).toBe(true);
  });

  it('does not go on with what has no strong ETag', async () => {
    serve = cutAt(MIB, 'W/"1"');
    await client.download(url, folder.at('copy'));
    expect(ranges).toEqual([undefined, undefined]);
    expect((await readFile(folder.at('copy'))).equals(BYTES)).toBe(true);
  });

  it('begins anew where what is here cannot be part of the file', async () => {
    await writeFile(folder.at('copy.part'), 'too long');
    await writeFile(folder.at('copy.part.etag'), '"1"');
    serve = ({ headers }, response) => {
      if (headers.range) return void response.writeHead(416, { 'Content-Range': 'bytes */3' }).end();
      response.writeHead(200, { ETag: '"1"', 'Content-Length': 3 }).end('abc');
    };
    await client.download(url, folder.at('copy'), { resume: true });
    expect(await readFile(folder.at('copy'), 'utf8')).toBe('abc');
  });

  it('refuses a range that it did not ask for', async () => {
    serve = (request, response) => {
      if (ranges.length === 1) return cutAt(MIB)(request, response);
      response.writeHead(206, { 'Content-Range': `bytes 7-9/${2 * MIB}` }).end('abc');
    };
    expect(await failure(client.download(url, folder.at('copy')))).toBeInstanceOf(TusProtocolError);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.each([
    ['a folder that is not there', () => folder.at('none/copy'), 200],
    ['a range that was not asked for', () => folder.at('copy'), 206],
  ])('that fails here leaves no connection open: %s', async (_what, target, status) => {
    const closed: Promise<unknown>[] = [];
    await writeFile(folder.at('copy.part'), 'x');
    await writeFile(folder.at('copy.part.etag'), '"1"');
    serve = ({ socket }, response) => {
      closed.push(once(socket, 'close'));
      response.writeHead(status, { ETag: '"1"', 'Content-Range': 'bytes 7-9/99' }).write('no end');
    };
    await failure(client.download(url, target(), { resume: true, requestTimeout: 0 }));
    expect(closed).toHaveLength(1);
    await Promise.all(closed);
  });

  it('that gets bytes across with each try is not given up', async () => {
    const tries = BYTES.length / (MIB / 4);
    serve = (request, response) => cutAt(ranges.length * (MIB / 4), '"1"', tries - 1)(request, response);
    await client.download(url, folder.at('copy'), { retryDelays: [0] });
    expect(ranges.length).toBeGreaterThan(2);
    expect((await readFile(folder.at('copy'))).equals(BYTES)).toBe(true);
  });

  it('that begins at the first byte each time is given up', async () => {
    serve = cutAt(MIB, 'W/"1"', Infinity);
    const failed = client.download(url, folder.at('copy'), { retryDelays: [0, 0] });
    expect(await failure(failed)).toBeInstanceOf(TusConnectionError);
  });

  it('that never succeeds leaves what it has, if it may be resumed', async () => {
    serve = cutAt(MIB, '"1"', Infinity);
    const failed = client.download(url, folder.at('copy'), { resume: true, retryDelays: [] });
    expect(await failure(failed)).toBeInstanceOf(TusConnectionError);
    const kept = await readFile(folder.at('copy.part'));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(BYTES.subarray(0, kept.length))).toBe(true);
  });

  /** Serves the file with ranges, and cuts the first answers at a byte. */
  function cutAt(byte: number, etag = '"1"', cuts = 1) {
    return (request: IncomingMessage, response: ServerResponse): void => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = { 'Content-Range': `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` };
      const length = { 'Content-Length': BYTES.length - from, ETag: etag };
      response.writeHead(from > 0 ? 206 : 200, { ...length, ...(from > 0 && range) });
      if (ranges.length > cuts) return void response.end(BYTES.subarray(from));
      response.write(BYTES.subarray(from, byte), () => request.socket.end());
    };
  }
});
