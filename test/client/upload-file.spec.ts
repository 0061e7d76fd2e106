import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FileUrlStore,
  Metadata,
  TusClient,
  TusClientOptionError,
  TusResponseError,
  UploadInterruptedError,
  type UploadFileOptions,
} from '../../src/client/index.js';
import { TusPeer } from './tus-peer.js';

const MIB = 2 ** 20;
let folder: string;
let peer: TusPeer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upload-file-'));
  peer = await new TusPeer().start();
});

afterEach(async () => {
  await peer.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('uploading a file', () => {
  it('sends it in one stream, with its name and its type', async () => {
    const { path, bytes } = await newFile(3 * MIB, 'holiday.MP4');
    const { url, size, resumed } = await upload(path);
    expect({ size, resumed }).toEqual({ size: 3 * MIB, resumed: false });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    const metadata = Metadata.parse(peer.at(url).metadata).toObject();
    expect({ ...metadata }).toEqual({ filename: 'holiday.MP4', filetype: 'video/mp4' });
  });

  it('cuts it into ranges that are merged in the order of the file (CLI-06)', async () => {
    const { path, bytes } = await newFile(4 * MIB + 3);
    const { url } = await upload(path, { parallelUploads: 4, metadata: { filename: 'b.txt', album: 'Ö' } });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    expect(Metadata.parse(peer.at(url).metadata).get('album')).toBe('Ö');
    const partials = [...peer.uploads.values()].filter(({ concat }) => concat === 'partial');
    expect(partials.map(({ length, metadata }) => [length, metadata])).toEqual([
      [MIB, undefined],
      [MIB, undefined],
      [MIB, undefined],
      [MIB + 3, undefined],
    ]);
  });

  it.each([0, 1, 2, 3, 5])('sends a file of %i bytes although four ranges were asked for', async (size) => {
    const { path, bytes } = await newFile(size);
    const { url } = await upload(path, { parallelUploads: 4 });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    expect([...peer.uploads.values()].filter(({ length }) => length === 0)).toHaveLength(size === 0 ? 1 : 0);
  });

  it('tells how far it is, up to the last byte', async () => {
    const { path } = await newFile(2 * MIB);
    const told: number[] = [];
    await upload(path, { parallelUploads: 2, onProgress: ({ sent }) => told.push(sent) });
    expect(told.at(-1)).toBe(2 * MIB);
  });

  it.each<[string, UploadFileOptions, object]>([
    ['the last PATCH', {}, { status: 204, headers: { 'upload-offset': '3000', 'x-request': '2' } }],
    [
      'the final',
      { parallelUploads: 2 },
      { status: 201, headers: { location: '/files/3', 'x-request': '6' } },
    ],
    ['what came before the stop', { stopAt: 0 }, { status: 201, headers: { location: '/files/1' } }],
  ])('resolves with what the server answered last: to %s', async (_what, options, answer) => {
    const { path } = await newFile(3000);
    peer.fault = (_request, response) => {
      response.setHeader('X-Request', peer.requests.length);
      return false;
    };
    expect(await upload(path, options)).toMatchObject({ answer });
  });

  it('refuses metadata that cannot be sent, before any request', async () => {
    const { path } = await newFile(1);
    await expect(upload(path, { metadata: { 'two words': '' } })).rejects.toBeInstanceOf(
      TusClientOptionError,
    );
    expect(peer.requests).toEqual([]);
  });
});

describe('an upload that was interrupted', () => {
  it.each([1, 4])(
    'goes on where it stopped (%i ranges), and sends no stored byte again',
    async (parallel) => {
      const { path, bytes } = await newFile(8 * MIB);
      await interrupt(path, parallel);
      const { url, resumed } = await upload(path);
      expect(resumed).toBe(true);
      expect(peer.at(url).bytes.equals(bytes)).toBe(true);
      expect(peer.received).toBe(8 * MIB);
    },
  );

  it.each<[string, number, UploadFileOptions]>([
    ['in one stream', 1, {}],
    ['in four ranges', 4, {}],
    ['where the next call has others', 4, { metadata: { album: 'y', filename: 'other' } }],
    ['that is gone, and created again', 1, { metadata: { album: 'y' } }],
  ])('keeps the metadata that it began with: one %s', async (which, parallel, options) => {
    const { path } = await newFile(4 * MIB);
    await interrupt(path, parallel, { metadata: { album: 'x' } });
    if (which.includes('gone')) peer.uploads.delete('/files/1');
    const { url, resumed } = await upload(path, options);
    expect(resumed).toBe(true);
    const metadata = Metadata.parse(peer.at(url).metadata).toObject();
    expect({ ...metadata }).toEqual({
      album: 'x',
      filename: 'file.bin',
      filetype: 'application/octet-stream',
    });
  });

  it('is forgotten once it is complete', async () => {
    const { path } = await newFile(4 * MIB);
    await interrupt(path, 2);
    await upload(path);
    expect(await readdir(join(folder, 'resume'))).toEqual([]);
    expect((await upload(path)).resumed).toBe(false);
  });

  it('is not taken up for a file that has changed since, even if its size and time are what they were', async () => {
    const { path } = await newFile(4 * MIB);
    await interrupt(path, 2);
    const { atime, mtime, size } = await stat(path);
    await writeFile(path, randomBytes(size));
    await utimes(path, atime, mtime);
    expect((await upload(path)).resumed).toBe(false);
  });

  it('begins anew when the server does not know it any more (CLI-03)', async () => {
    const { path, bytes } = await newFile(4 * MIB);
    await interrupt(path, 2);
    peer.fault = ({ method }, response) => method === 'HEAD' && Boolean(response.writeHead(410).end());
    expect(peer.at((await upload(path)).url).bytes.equals(bytes)).toBe(true);
  });

  it('is not given up because the server fails to tell the offset (CLI-03)', async () => {
    const { path } = await newFile(4 * MIB);
    await interrupt(path, 1);
    let failures = 2;
    peer.fault = ({ method }, response) => {
      return method === 'HEAD' && failures-- > 0 && Boolean(response.writeHead(503).end());
    };
    await upload(path, { retryDelays: [0, 0] });
    expect([...peer.uploads.keys()]).toEqual(['/files/1']);
  });

  it('says that it cannot be resumed when nothing remembers it', async () => {
    const { path } = await newFile(4 * MIB);
    const client = new TusClient({ endpoint: peer.endpoint });
    await expect(interrupted(path, {}, client)).resolves.toMatchObject({ resumable: false });
  });
});

describe('a failure', () => {
  it('of the store costs a warning, not the upload', async () => {
    const { path, bytes } = await newFile(100);
    await writeFile(join(folder, 'resume'), 'not a folder');
    const warnings: string[] = [];
    const { url } = await upload(path, { onWarning: (message) => warnings.push(message) });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    expect(warnings[0]).toContain('cannot be resumed');
    expect(warnings).toHaveLength(1);
  });

  it('of one range stops the others, and is told in one sentence', async () => {
    const { path } = await newFile(4 * MIB);
    peer.fault = ({ method, url }, response) => {
      if (method !== 'PATCH') return false;
      if (url === '/files/2') response.writeHead(413).end('Too large.\n');
      return true;
    };
    const failed = await upload(path, { parallelUploads: 3 }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TusResponseError);
    expect((failed as Error).message).toBe('The server answered 413: Too large.');
  });

  it('of the final request is tried again without sending the ranges again', async () => {
    const { path, bytes } = await newFile(2 * MIB);
    let failures = 1;
    peer.fault = ({ headers }, response) => {
      const isFinal = String(headers['upload-concat']).startsWith('final;');
      return isFinal && failures-- > 0 && Boolean(response.writeHead(503).end());
    };
    const { url } = await upload(path, { parallelUploads: 2 });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    expect(peer.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(2);
  });

  it('for headers that are too large names the option of Node', async () => {
    const { path } = await newFile(4);
    peer.fault = (_request, response) => Boolean(response.writeHead(431).end());
    await expect(upload(path, { parallelUploads: 2 })).rejects.toThrow('--max-http-header-size');
  });

  it('to reach the server asks whether it runs', async () => {
    const { path } = await newFile(4);
    const { endpoint } = peer;
    await peer.stop();
    peer = await new TusPeer().start();
    await expect(upload(path, { endpoint })).rejects.toThrow(`Nothing answers at ${endpoint}`);
  });

  it('to find the file names it', async () => {
    await expect(upload(join(folder, 'none'))).rejects.toThrow(/There is no file .*none/);
  });

  it('to read all of a file that became shorter ends the upload', async () => {
    const { path } = await newFile(64 * MIB);
    let cut: Promise<void> | undefined;
    peer.onBytes = () => (cut ??= truncate(path, MIB));
    await expect(upload(path)).rejects.toThrow('the file became shorter');
    await cut;
  });
});

async function newFile(size: number, name = 'file.bin'): Promise<{ path: string; bytes: Buffer }> {
  const path = join(folder, name);
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { path, bytes };
}

function newClient(): TusClient {
  const urlStore = new FileUrlStore(join(folder, 'resume'));
  return new TusClient({ endpoint: peer.endpoint, urlStore, retryDelays: [0] });
}

function upload(path: string, options: UploadFileOptions = {}) {
  return newClient().uploadFile(path, options);
}

/** Uploads until bytes of every range have arrived, and interrupts. */
async function interrupted(path: string, options: UploadFileOptions, client = newClient()): Promise<unknown> {
  const stop = new AbortController();
  const begun = new Set<string>();
  peer.onBytes = (range) => {
    begun.add(range.path);
    if (begun.size === (options.parallelUploads ?? 1)) stop.abort();
  };
  const running = client.uploadFile(path, { ...options, signal: stop.signal });
  const result = await running.catch((error: unknown) => error);
  peer.onBytes = undefined;
  expect(result).toBeInstanceOf(UploadInterruptedError);
  return result;
}

async function interrupt(path: string, parallel: number, options: UploadFileOptions = {}): Promise<void> {
  const interruption = await interrupted(path, { ...options, parallelUploads: parallel });
  expect(interruption).toMatchObject({ resumable: true });
}
