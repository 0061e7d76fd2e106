import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MemoryUrlStore, TusClient, UploadSourceError } from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

const READER = fileURLToPath(new URL('./shrinking-file.mjs', import.meta.url));

let folder: ClientFolder;
let peer: TusPeer;
let client: TusClient;

beforeEach(async () => {
  folder = await ClientFolder.make();
  peer = await new TusPeer().start();
  client = new TusClient({ endpoint: peer.endpoint, retryDelays: [0] });
});
afterEach(async () => {
  await peer.stop();
  await folder.remove();
});

describe('a stream that fails before it is read', () => {
  it.each<[string, (stream: Readable) => Promise<unknown>]>([
    ['uploadFile', (stream) => client.uploadFile(stream)],
    ['createPartialUpload', (stream) => client.createPartialUpload(stream)],
    ['uploadFile$', (stream) => client.uploadFile$(stream).forEach(() => undefined)],
  ])('ends the upload, and not the process: %s', async (_what, call) => {
    const stream = createReadStream(folder.at('none'));
    const failed = new Promise<void>((resolve) => stream.once('close', resolve));
    // Nothing is answered before it has failed.
    peer.fault = (_request, response) => {
      if (stream.closed) return false;
      void failed.then(() => response.writeHead(503).end());
      return true;
    };
    const error = await failure(call(stream));
    expect(error).toBeInstanceOf(UploadSourceError);
    expect(error.message).toMatch(/^The stream failed: .*ENOENT/);
  });
});

describe('a stream that is refused', () => {
  it.each<[string, object]>([
    ['for an option', { verify: true }],
    ['for one that there is not', { parallel: 4 }],
    ['for what the server does not offer', { checksum: 'sha512' }],
  ])('is destroyed %s, and may still fail by itself', async (_what, options) => {
    const stream = new Readable({ read: () => undefined });
    await failure(client.uploadFile(stream, options));
    expect(stream.destroyed).toBe(true);
    const missing = createReadStream(folder.at('none'));
    const closed = new Promise<void>((resolve) => missing.once('close', resolve));
    await failure(client.uploadFile(missing, options));
    await closed;
  });
});

describe('a file that became shorter', () => {
  it('ends who reads it, also while an earlier piece is still being sent', async () => {
    const { path } = await folder.file(4 * MIB);
    const env = { PATH: process.env.PATH, TUS_CLIENT: JSON.stringify({ path }) };
    const { stdout } = await promisify(execFile)(process.execPath, [READER], { env });
    expect(stdout).toBe('UploadSourceError');
  });
});

describe('a file that cannot be read for a moment', () => {
  it.each([
    ['read', 4],
    ['stat', 2],
  ] as const)('is gone on with by the next call: %s', async (step, time) => {
    const { path, bytes } = await folder.file(4 * MIB);
    const options = { chunkSize: MIB, urlStore: new MemoryUrlStore() };
    const handle = await open(path);
    const faulty = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, step);
    await handle.close();
    try {
      const original = faulty.getMockImplementation() as (...given: unknown[]) => Promise<unknown>;
      faulty.mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
        if (faulty.mock.calls.length === time) throw new Error('EIO: i/o error');
        return original.apply(this, given);
      } as never);
      const error = await failure(client.uploadFile(path, options));
      expect(error).toBeInstanceOf(UploadSourceError);
      expect(error).toMatchObject({
        changed: false,
        message: `The file ${path} cannot be read: EIO: i/o error.`,
      });
    } finally {
      faulty.mockRestore();
    }
    const { url, resumed } = await client.uploadFile(path, options);
    expect({ resumed, received: peer.received }).toEqual({ resumed: true, received: 4 * MIB });
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });
});
