import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createReadStream, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { TusClient, UploadSourceError } from '../../src/client/index.js';
import { LocalFile } from '../../src/client/source/local-file.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

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
    const file = await LocalFile.open(path);
    try {
      const reading = async () => {
        for await (const piece of file.read(0, 4 * MIB)) {
          expect(piece.length).toBeGreaterThan(0);
          truncateSync(path, 0);
          // As long as the next piece takes to fail, with nobody waiting for it.
          for (let time = 0; time < 50; time++) await readFile(path);
        }
      };
      expect(await failure(reading())).toBeInstanceOf(UploadSourceError);
    } finally {
      await file.close();
    }
  });
});
