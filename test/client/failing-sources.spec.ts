import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TusClient, UploadSourceError } from '../../src/client/index.js';
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
