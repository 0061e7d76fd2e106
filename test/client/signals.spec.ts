import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryUrlStore, TusClient } from '../../src/client/index.js';
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

describe('a signal that aborts in the headers of one range', () => {
  it('keeps the others from beginning, and nothing is remembered of them', async () => {
    const { path } = await folder.file(4 * MIB);
    const urlStore = new MemoryUrlStore();
    const stop = new AbortController();
    let asked = 0;
    const headers = () => {
      // The first request is the one for extensions, the second that of the first range.
      if (++asked === 2) stop.abort();
      return {};
    };
    const options = { parallelUploads: 4, urlStore, headers, signal: stop.signal };
    expect(await failure(client.uploadFile(path, options))).toMatchObject({ resumable: false });
    await client.serverInfo();
    expect({ asked, requests: peer.requests }).toEqual({
      asked: 2,
      requests: ['OPTIONS /files', 'OPTIONS /files'],
    });
    expect(await client.findPreviousUploads(path, { urlStore })).toEqual([]);
  });
});
