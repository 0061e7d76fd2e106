import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import dns from 'node:dns';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  TusClient,
  TusConnectionError,
  TusProtocolError,
  TusResponseError,
  UploadInterruptedError,
} from '../../src/client/index.js';
import { delayBefore } from '../../src/client/http/retry-policy.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;
let peer: TusPeer;
let client: TusClient;

beforeEach(async () => {
  folder = await ClientFolder.make();
  peer = await new TusPeer().start();
  client = new TusClient({ endpoint: peer.endpoint, retryDelays: [0, 0] });
});
afterEach(async () => {
  await peer.stop();
  await folder.remove();
});

describe('a failure that may pass', () => {
  it.each([408, 409, 423, 429, 460, 500, 503])(
    'is tried again from the offset that the server tells: %i on a PATCH (CLI-02, CLI-04)',
    async (status) => {
      const { path, bytes } = await folder.file(3000);
      failOnce(({ method, headers }) => method === 'PATCH' && headers['upload-offset'] === '1000', status);
      const { url } = await client.uploadFile(path, { chunkSize: 1000 });
      expect(peer.at(url).bytes.equals(bytes)).toBe(true);
      expect(peer.requests).toEqual([
        ...['POST /files', 'PATCH /files/1 0', 'PATCH /files/1 1000', 'HEAD /files/1'],
        ...['PATCH /files/1 1000', 'PATCH /files/1 2000'],
      ]);
    },
  );

  it.each([400, 403, 412, 413, 415])('does not: %i (CLI-04)', async (status) => {
    const { path } = await folder.file(3000);
    failOnce(({ method }) => method === 'PATCH', status);
    const error = await failure(client.uploadFile(path));
    expect(error).toBeInstanceOf(TusResponseError);
    expect(error).toMatchObject({ status, code: `HTTP_${status}`, method: 'PATCH' });
    expect(peer.requests).toEqual(['POST /files', 'PATCH /files/1 0']);
  });

  it('may be a connection that is cut, as often as bytes get across in between (CLI-02)', async () => {
    const { path, bytes } = await folder.file(8 * MIB);
    let next = MIB;
    peer.onBytes = (upload) => {
      if (upload.bytes.length < next) return;
      next = upload.bytes.length + MIB;
      peer.cut();
    };
    const { url } = await client.uploadFile(path);
    expect(peer.requests.filter((request) => request.startsWith('PATCH')).length).toBeGreaterThan(3);
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });

  it('may be an answer that is cut off in its middle', async () => {
    const { path } = await folder.file(10);
    let cuts = 1;
    peer.fault = ({ method, socket }, response) => {
      if (method !== 'POST' || cuts-- <= 0) return false;
      response
        .writeHead(201, { 'Content-Length': 100, Location: '/files/x' })
        .write('half', () => socket.destroy());
      return true;
    };
    await client.uploadFile(path);
    expect(peer.requests.filter((request) => request.startsWith('POST'))).toHaveLength(2);
  });

  it('may be a server that stays silent for requestTimeout', async () => {
    const { path } = await folder.file(10);
    let silent = 1;
    peer.fault = ({ method }) => method === 'PATCH' && silent-- > 0;
    // Long enough for a slow machine to answer what it answers.
    await client.uploadFile(path, { requestTimeout: 1500, retryDelays: [0, 0, 0, 0] });
    expect(peer.requests).toContain('HEAD /files/1');
  });

  it('may be a host that is not reached within requestTimeout', async () => {
    const { path } = await folder.file(10);
    // As one does whose packets are dropped: the system would wait for minutes.
    const lookup = jest.spyOn(dns, 'lookup').mockImplementation((() => undefined) as never);
    try {
      const endpoint = 'http://unreachable.example/files';
      const error = await failure(client.uploadFile(path, { endpoint, requestTimeout: 50 }));
      expect(error).toBeInstanceOf(TusConnectionError);
      expect(error.message).toBe(`The connection to ${endpoint} failed: no byte came for 50 ms.`);
      expect(lookup).toHaveBeenCalledTimes(3);
    } finally {
      lookup.mockRestore();
    }
  });

  it('is not tried for ever', async () => {
    const { path } = await folder.file(10);
    peer.fault = ({ method }, response) => method === 'PATCH' && Boolean(response.writeHead(460).end());
    expect(await failure(client.uploadFile(path))).toMatchObject({ status: 460 });
    expect(peer.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(3);
  });

  it('of the server is never mistaken for a lost upload: 401 on HEAD ends it (CLI-03)', async () => {
    const { path } = await folder.file(10);
    failOnce(({ method }) => method === 'PATCH', 503);
    failOnce(({ method }) => method === 'HEAD', 401);
    expect(await failure(client.uploadFile(path))).toMatchObject({ status: 401, method: 'HEAD' });
    expect(peer.uploads.size).toBe(1);
  });

  it('waits as long as planned, a quarter more or less, and as the server wishes, up to a minute', () => {
    const after = (wish: string) =>
      new TusResponseError('PATCH', peer.endpoint, {
        status: 503,
        headers: { 'retry-after': wish },
        body: '',
      });
    for (let time = 0; time < 100; time++) {
      const delay = delayBefore(1000, new TusConnectionError(peer.endpoint, new Error('gone')));
      expect(delay).toBeGreaterThanOrEqual(750);
      expect(delay).toBeLessThanOrEqual(1250);
    }
    expect(delayBefore(0, after('7'))).toBe(7000);
    expect(delayBefore(0, after('3600'))).toBe(60_000);
    expect(delayBefore(0, after('soon'))).toBe(0);
    expect(delayBefore(0, after(new Date(Date.now() + 30_000).toUTCString()))).toBeGreaterThan(20_000);
  });

  it('is not waited for after the signal', async () => {
    const { path } = await folder.file(10);
    const stop = new AbortController();
    failOnce(({ method }) => method === 'PATCH', 503);
    const running = client.uploadFile(path, { retryDelays: [600_000], signal: stop.signal });
    await seen('PATCH /files/1 0');
    stop.abort(new Error('enough'));
    const error = await failure(running);
    expect(error).toBeInstanceOf(UploadInterruptedError);
    expect(error.cause).toEqual(new Error('enough'));
  });
});

describe('the delays', () => {
  it('begin anew as they were planned after one that the server wished for', async () => {
    const { path } = await folder.file(2000);
    const waits = jest.spyOn(globalThis, 'setTimeout');
    try {
      peer.fault = (request, response) => {
        const patches = peer.requests.filter((line) => line.startsWith('PATCH')).length;
        if (request.method !== 'PATCH' || ![1, 3].includes(patches)) return false;
        return Boolean(response.writeHead(503, patches === 1 ? { 'Retry-After': '1' } : {}).end());
      };
      await client.uploadFile(path, { chunkSize: 1000, retryDelays: [0] });
      expect(waits.mock.calls.map(([, delay]) => delay)).toEqual([1000, 0]);
    } finally {
      waits.mockRestore();
    }
  });

  it.each([1, 2])('are not for a callback that throws, which ends the upload (%i ranges)', async (ranges) => {
    const { path } = await folder.file(8 * MIB);
    const mistake = new TypeError('no such element');
    const onProgress = () => {
      throw mistake;
    };
    expect(await failure(client.uploadFile(path, { parallelUploads: ranges, onProgress }))).toBe(mistake);
    expect(peer.requests.filter((request) => /^(HEAD|PATCH .* [1-9])/.test(request))).toEqual([]);
  });

  it('are not for a callback that throws when bytes have moved', async () => {
    const { path } = await folder.file(32 * MIB);
    const mistake = new TypeError('no such element');
    const onProgress = ({ sent }: { sent: number }) => {
      if (sent > 0) throw mistake;
    };
    expect(await failure(client.uploadFile(path, { onProgress }))).toBe(mistake);
    expect(peer.requests.filter((request) => request.startsWith('HEAD'))).toEqual([]);
  });
});

describe('a server that breaks the protocol', () => {
  it.each<[string, () => string | Readable, object]>([
    ['of a file', () => folder.at('file.bin'), {}],
    ['of a stream', () => Readable.from([Buffer.alloc(10)]), { size: 10 }],
    ['of a stream of unknown size', () => Readable.from([Buffer.alloc(10)]), {}],
    ['of a chunk of such a stream', () => Readable.from([Buffer.alloc(10)]), { chunkSize: 4 }],
  ])('by storing nothing of what it takes is not fed for ever: %s', async (_what, input, options) => {
    await folder.file(10);
    peer.fault = ({ method }, response) => {
      const { length } = peer.requests.filter((line) => line.startsWith('PATCH'));
      const status = length > 9 ? 500 : 204;
      return method === 'PATCH' && Boolean(response.writeHead(status, { 'Upload-Offset': 0 }).end());
    };
    const error = await failure(client.uploadFile(input(), options));
    expect(error).toBeInstanceOf(TusProtocolError);
    expect(error.message).toBe('The server stores none of the bytes it takes.');
  });

  it('by having more of a stream than it was sent is told so', async () => {
    peer.fault = ({ method }, response) =>
      method === 'PATCH' && Boolean(response.writeHead(204, { 'Upload-Offset': 10 }).end());
    const bytes = Readable.from([Buffer.alloc(30)]);
    const error = await failure(client.uploadFile(bytes, { size: 30, chunkSize: 5 }));
    expect(error).toBeInstanceOf(TusProtocolError);
    expect(error.message).toBe('The server has 10 bytes, and was sent 5.');
  });

  it('by an answer without the header that is needed is told so', async () => {
    const { path } = await folder.file(10);
    peer.fault = ({ method }, response) => method === 'POST' && Boolean(response.writeHead(201).end());
    const error = await failure(client.uploadFile(path));
    expect(error).toBeInstanceOf(TusProtocolError);
    expect(error.message).toContain(peer.endpoint);
  });
});

describe('headers of the application', () => {
  it('are asked for before each request, so that a token may change', async () => {
    const { path } = await folder.file(2000);
    const seenTokens: unknown[] = [];
    peer.fault = ({ headers }) => {
      seenTokens.push(headers.authorization);
      return false;
    };
    let count = 0;
    const headers = async () => ({ authorization: `Bearer ${++count}` });
    const { url } = await client.uploadFile(path, { chunkSize: 1000, headers });
    await client.info(url, { headers });
    expect(seenTokens).toEqual(['Bearer 1', 'Bearer 2', 'Bearer 3', 'Bearer 4']);
  });

  it('that cannot be had end the upload with the error of the application', async () => {
    const { path } = await folder.file(10);
    const refused = new Error('no token');
    const headers = () => Promise.reject(refused);
    expect(await failure(client.uploadFile(path, { headers }))).toBe(refused);
    expect(peer.requests).toEqual([]);
  });
});

describe('terminate', () => {
  it('is done when a try whose answer was lost has done it', async () => {
    const { path } = await folder.file(10);
    const { url } = await client.uploadFile(path);
    const statuses = [500, 404];
    peer.fault = ({ method }, response) =>
      method === 'DELETE' && Boolean(response.writeHead(statuses.shift() ?? 204).end());
    await client.terminate(url);
    expect(statuses).toEqual([]);
  });

  it('fails for what was not there', async () => {
    const error = await failure(client.terminate(`${peer.endpoint}/none`));
    expect(error).toMatchObject({ status: 404, method: 'DELETE' });
  });
});

/** Answers the first such request with a status. */
function failOnce(which: (request: IncomingMessage) => boolean, status: number): void {
  let left = 1;
  const before = peer.fault;
  peer.fault = (request, response) =>
    (left > 0 && which(request) && left-- > 0 && Boolean(response.writeHead(status).end())) ||
    (before?.(request, response) ?? false);
}

/** Resolves when such a request has come. */
async function seen(wanted: string): Promise<void> {
  while (!peer.requests.includes(wanted)) await once(peer.arrivals, 'request');
}
