import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { MemoryUrlStore, TusClient, UploadSourceError, VerificationError } from '../../src/client/index.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { RecordingProxy } from './recording-proxy.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;

beforeEach(async () => {
  folder = await ClientFolder.make();
});
afterEach(() => folder.remove());

describe.each(PLATFORMS)('checksums, verified by a server on %s', (platform) => {
  let app: TusApp;
  let proxy: RecordingProxy;
  let client: TusClient;

  beforeEach(async () => {
    const checksums = ['sha1', 'sha256', 'sha512', 'md5'] as const;
    app = await TusApp.start({ platform, tus: { downloads: true, checksums } });
    proxy = await new RecordingProxy(app.endpoint).start();
    client = new TusClient({ endpoint: proxy.endpoint, retryDelays: [0] });
  });
  afterEach(async () => {
    await proxy.stop();
    await app.stop();
  });

  it.each(['sha1', 'sha256', 'sha512', 'md5'] as const)('come with each PATCH: %s', async (checksum) => {
    const { path, bytes } = await folder.file(5 * MIB + 1);
    const { url } = await client.uploadFile(path, { checksum, parallelUploads: 2, chunkSize: MIB });
    expect((await stored(url)).equals(bytes)).toBe(true);
    expect(sent(checksum)).toHaveLength(6);
  });

  it('are of chunks of 4 MiB unless chunkSize says otherwise, also for streams', async () => {
    const { path } = await folder.file(5 * MIB);
    await client.uploadFile(path, { checksum: 'sha256' });
    await client.uploadFile(createReadStream(path), { checksum: 'sha256' });
    const sizes = proxy.requests.filter(({ method }) => method === 'PATCH').map(({ received }) => received);
    expect(sizes).toEqual([4 * MIB, MIB, 4 * MIB, MIB]);
    expect(sent('sha256')).toHaveLength(4);
  });

  it('are made of chunks that are too large for memory as well', async () => {
    const { path, bytes } = await folder.file(34 * MIB);
    const { url } = await client.uploadFile(path, { checksum: 'sha1', chunkSize: 33 * MIB });
    expect((await stored(url)).equals(bytes)).toBe(true);
    expect(sent('sha1')[0]).toBe(
      `sha1 ${createHash('sha1')
        .update(bytes.subarray(0, 33 * MIB))
        .digest('base64')}`,
    );
  });

  describe('verify', () => {
    it.each([1, 3])('downloads what was uploaded and finds it right (%i ranges)', async (parallelUploads) => {
      const { path } = await folder.file(2 * MIB);
      expect(await client.uploadFile(path, { parallelUploads, verify: true })).toMatchObject({
        offset: 2 * MIB,
      });
      expect(proxy.requests.at(-1)).toMatchObject({ method: 'GET', status: 200 });
    });

    it('finds a byte that is wrong', async () => {
      const { path } = await folder.file(2 * MIB);
      proxy.onBytes = (bytes, { method, path: there }) => {
        if (method === 'GET' && bytes === 0) damage(join(app.directory, there.split('/').at(-1)!));
      };
      const error = await failure(client.uploadFile(path, { verify: true }));
      expect(error).toBeInstanceOf(VerificationError);
      expect(error.message).toContain(`is not what ${path} has`);
    });
  });

  const sent = (algorithm: string) =>
    proxy.requests
      .flatMap(({ headers }) => headers)
      .filter(([name, value]) => name === 'Upload-Checksum' && value.startsWith(`${algorithm} `))
      .map(([, value]) => value);

  const stored = (url: string) => readFile(join(app.directory, url.split('/').at(-1)!));
});

describe('a server', () => {
  let peer: TusPeer;
  let client: TusClient;

  beforeEach(async () => {
    peer = await new TusPeer().start();
    peer.extensions = 'creation,checksum';
    client = new TusClient({ endpoint: peer.endpoint, retryDelays: [0, 0] });
  });
  afterEach(() => peer.stop());

  it('that finds damage is sent the same chunk once more, with the same checksum (CLI-04)', async () => {
    const { path, bytes } = await folder.file(3000);
    const checksums: unknown[] = [];
    peer.fault = ({ method, headers }, response) => {
      if (method !== 'PATCH') return false;
      checksums.push(headers['upload-checksum']);
      return checksums.length === 2 && Boolean(response.writeHead(460).end());
    };
    const { url } = await client.uploadFile(path, { checksum: 'sha256', chunkSize: 1000 });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    expect(checksums).toHaveLength(4);
    expect(checksums[2]).toBe(checksums[1]);
  });

  it('is sent chunks that were read once, however many ranges there are', async () => {
    const { path } = await folder.file(36 * MIB);
    const handle = await open(path);
    const read = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'read');
    await handle.close();
    peer.extensions += ',concatenation';
    try {
      await client.uploadFile(path, { checksum: 'sha256', parallelUploads: 9 });
      const results = (await Promise.all(read.mock.results.map(({ value }) => value))) as {
        bytesRead: number;
      }[];
      expect(results.reduce((sum, { bytesRead }) => sum + bytesRead, 0)).toBe(36 * MIB);
    } finally {
      read.mockRestore();
    }
  });

  it('that tells a digest saves the download', async () => {
    const { path, bytes } = await folder.file(3000);
    const digest = createHash('sha256').update(bytes).digest('base64');
    peer.fault = ({ method }, response) =>
      method === 'GET' &&
      Boolean(response.writeHead(200, { 'Repr-Digest': `sha-256=:${digest}:` }).write('no end'));
    await client.uploadFile(path, { verify: true });
    await writeFile(path, bytes.fill(0));
    expect(await failure(client.uploadFile(path, { verify: true }))).toBeInstanceOf(VerificationError);
  });

  it('that holds something else is sent all of it again by the next call', async () => {
    const { path, bytes } = await folder.file(3000);
    const urlStore = new MemoryUrlStore();
    peer.fault = ({ method, url }, response) => {
      const found = method === 'GET' ? peer.uploads.get(url ?? '')?.bytes : undefined;
      return Boolean(found && response.writeHead(200).end(url === '/files/1' ? found.toReversed() : found));
    };
    const options = { urlStore, verify: true };
    expect(await failure(client.uploadFile(path, options))).toMatchObject({ differs: true });
    const { url, resumed } = await client.uploadFile(path, options);
    expect({ url, resumed }).toEqual({ url: `${peer.endpoint}/2`, resumed: false });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });

  it('that gives nothing back is asked again by the next call, and sent nothing', async () => {
    const { path } = await folder.file(3000);
    const options = { urlStore: new MemoryUrlStore(), verify: true };
    peer.fault = ({ method }, response) => method === 'GET' && Boolean(response.writeHead(405).end());
    for (let time = 0; time < 2; time++) {
      expect(await failure(client.uploadFile(path, options))).toMatchObject({ differs: false });
    }
    expect(peer.received).toBe(3000);
  });

  it('is not asked for the rest when the file cannot be compared', async () => {
    const { path } = await folder.file(3000);
    const handle = await open(path);
    const read = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'read');
    await handle.close();
    const download = new Promise<Socket>((resolve) => {
      peer.fault = ({ method, socket }, response) => {
        if (method !== 'GET') return false;
        resolve(socket);
        return response.writeHead(200).write('no end');
      };
    });
    const closed = download.then((socket) => new Promise((resolve) => socket.once('close', resolve)));
    peer.onBytes = () => {
      read.mockImplementation(async () => {
        await download;
        throw new Error('EIO: i/o error');
      });
    };
    try {
      const error = await failure(client.uploadFile(path, { verify: true, requestTimeout: 0 }));
      expect(error).toBeInstanceOf(UploadSourceError);
    } finally {
      read.mockRestore();
    }
    await closed;
  });

  it('that gives nothing back cannot be verified', async () => {
    const { path } = await folder.file(3000);
    peer.fault = ({ method }, response) => method === 'GET' && Boolean(response.writeHead(405).end());
    const error = await failure(client.uploadFile(path, { verify: true }));
    expect(error).toBeInstanceOf(VerificationError);
    expect(error.message).toBe('The upload is complete, but cannot be verified. The server answered 405.');
  });
});

/** Changes the first byte, before the answer is made. */
function damage(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, '!', 0);
  closeSync(file);
}
