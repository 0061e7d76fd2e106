import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { waitBefore } from '../../src/client/http/retry-policy.js';
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

describe('a signal that stops many calls', () => {
  const url = () => `${peer.endpoint}/1`;
  const calls: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    'uploads of streams': (signal) => client.uploadFile(Readable.from(['a']), { size: 1, signal }),
    'uploads of files': (signal) => client.uploadFile(folder.at('file.bin'), { signal }),
    info: (signal) => client.info(url(), { signal }),
    downloads: (signal) => client.download(url(), folder.at('copy'), { signal }),
  };

  it.each(Object.keys(calls))('has one listener, and none when they are over: %s', async (which) => {
    await folder.file(1);
    const [stop, enough] = [new AbortController(), new Error('enough')];
    const asked = new Promise<void>((resolve) => {
      peer.fault = () => {
        if (peer.requests.length === 12) resolve();
        return true;
      };
    });
    const calling = Array.from({ length: 12 }, () => failure(calls[which]!(stop.signal)));
    await asked;
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort(enough);
    for (const error of await Promise.all(calling)) expect(error.cause ?? error).toBe(enough);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('has one listener while they wait for another try', async () => {
    const [stop, enough] = [new AbortController(), new Error('enough')];
    const waiting = Array.from({ length: 12 }, () => failure(waitBefore(600_000, stop.signal)));
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort(enough);
    for (const error of await Promise.all(waiting)) expect(error).toBe(enough);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
