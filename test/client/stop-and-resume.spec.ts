import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { appendFileSync } from 'node:fs';
import { appendFile, readdir, rename } from 'node:fs/promises';
import {
  FileUrlStore,
  MemoryUrlStore,
  TusClient,
  TusClientOptionError,
  UploadInterruptedError,
  UploadSourceError,
  type UploadFileOptions,
  type UploadState,
} from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;
let peer: TusPeer;
let client: TusClient;

beforeEach(async () => {
  folder = await ClientFolder.make();
  peer = await new TusPeer().start();
  client = new TusClient({ endpoint: peer.endpoint, urlStore: new MemoryUrlStore(), retryDelays: [0] });
});
afterEach(async () => {
  await peer.stop();
  await folder.remove();
});

describe('stopAt', () => {
  it.each([undefined, 300_000])(
    'leaves the upload at that byte, and the next call uploads the rest (chunks of %p)',
    async (chunkSize) => {
      const { path, bytes } = await folder.file(MIB);
      const options = chunkSize ? { chunkSize } : {};
      const stopped = await client.uploadFile(path, { stopAt: 700_001, ...options });
      expect(stopped).toMatchObject({ size: MIB, offset: 700_001, resumed: false });
      expect(peer.at(stopped.url).bytes.equals(bytes.subarray(0, 700_001))).toBe(true);
      const whole = await client.uploadFile(path, options);
      expect(whole).toMatchObject({ url: stopped.url, offset: MIB, resumed: true });
      expect(peer.at(whole.url).bytes.equals(bytes)).toBe(true);
      expect(peer.received).toBe(MIB);
    },
  );

  it('may be 0, may be where the upload already is, and may lie behind the end', async () => {
    const { path } = await folder.file(100);
    expect(await client.uploadFile(path, { stopAt: 0 })).toMatchObject({ offset: 0 });
    expect(await client.uploadFile(path, { stopAt: 60 })).toMatchObject({ offset: 60 });
    expect(await client.uploadFile(path, { stopAt: 50 })).toMatchObject({ offset: 60 });
    expect(await client.uploadFile(path, { stopAt: 200 })).toMatchObject({ offset: 100 });
    expect(await client.findPreviousUploads(path)).toEqual([]);
  });

  it('is refused for a file whose upload in ranges has begun', async () => {
    const { path } = await folder.file(4 * MIB);
    await interruptRanges(path);
    const error = await failure(client.uploadFile(path, { stopAt: 10 }));
    expect(error).toBeInstanceOf(TusClientOptionError);
    expect(error.message).toContain('an upload of this file in 4 ranges has begun');
  });
});

describe('findPreviousUploads', () => {
  it('tells what was begun of a file as it is now, with the URL of each range', async () => {
    const { path } = await folder.file(4 * MIB);
    await interruptRanges(path);
    const [found, ...others] = await client.findPreviousUploads(path);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ path, endpoint: peer.endpoint, size: 4 * MIB });
    expect(found?.urls.map((url) => peer.at(url!).concat)).toEqual(Array(4).fill('partial'));
    await appendFile(path, 'x');
    expect(await client.findPreviousUploads(path)).toEqual([]);
  });

  it('tells of a partial upload of the whole file too', async () => {
    const { path } = await folder.file(8 * MIB);
    const stop = new AbortController();
    peer.onBytes = () => stop.abort();
    const running = client.createPartialUpload(path, { signal: stop.signal });
    expect(await failure(running)).toMatchObject({ resumable: true });
    const found = await client.findPreviousUploads(path);
    expect(found.map(({ urls }) => urls)).toEqual([[`${peer.endpoint}/1`]]);
  });
});

describe('the store', () => {
  it('keeps no record of a file as it was before', async () => {
    const { path } = await folder.file(1000);
    const urlStore = new FileUrlStore(folder.at('urls'));
    for (let time = 0; time < 3; time++) {
      await client.uploadFile(path, { stopAt: 10, urlStore });
      expect(await readdir(folder.at('urls'))).toHaveLength(1);
      await appendFile(path, 'x');
    }
    await client.uploadFile(path, { urlStore });
    expect(await readdir(folder.at('urls'))).toEqual([]);
  });
});

describe('a file that changes while it is uploaded', () => {
  it('fails, before its ranges are merged, and is not taken up again', async () => {
    const { path } = await folder.file(4 * MIB);
    peer.onBytes = () => appendFileSync(path, 'x');
    const error = await failure(client.uploadFile(path, { parallelUploads: 4 }));
    expect(error).toBeInstanceOf(UploadSourceError);
    expect(error.message).toBe(`${path} changed while it was uploaded.`);
    expect([...peer.uploads.values()].filter(({ concat }) => concat?.startsWith('final'))).toEqual([]);
  });
});

describe('a file that changes while it is uploaded in one stream', () => {
  it.each<UploadFileOptions>([{}, { chunkSize: MIB }, { chunkSize: MIB, checksum: 'sha256' }])(
    'fails before the server has all of it: %j',
    async (options) => {
      const { path } = await folder.file(8 * MIB);
      peer.extensions += ',checksum';
      let changes = 0;
      peer.fault = ({ method }) => {
        if (method === 'PATCH' && ++changes === 1) appendFileSync(path, 'x');
        return false;
      };
      const error = await failure(client.uploadFile(path, options));
      expect(error).toBeInstanceOf(UploadSourceError);
      const [upload] = peer.uploads.values();
      await upload?.idle;
      expect(upload?.bytes.length).toBeLessThan(8 * MIB);
      expect(await client.findPreviousUploads(path)).toEqual([]);
    },
  );
});

describe('a file that is renamed, or replaced, while it is uploaded', () => {
  it('is uploaded as it was', async () => {
    const { path, bytes } = await folder.file(4 * MIB);
    const { path: newer } = await folder.file(MIB, 'newer', 2);
    let replaced: Promise<void> | undefined;
    peer.onBytes = () => (replaced ??= rename(newer, path));
    const { url } = await client.uploadFile(path, { parallelUploads: 4 });
    await replaced;
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });
});

describe('uploadFile$', () => {
  it('tells progress for each range, and the result with its last value', async () => {
    const { path } = await folder.file(4 * MIB);
    const states: UploadState[] = [];
    await client.uploadFile$(path, { parallelUploads: 3 }).forEach((state) => void states.push(state));
    const last = states.at(-1);
    expect(last).toMatchObject({ sent: 4 * MIB, total: 4 * MIB, result: { size: 4 * MIB } });
    expect(last?.parts.map(({ sent, total }) => sent === total)).toEqual([true, true, true]);
    expect(states.slice(0, -1).every(({ result }) => result === undefined)).toBe(true);
  });

  it('begins with a subscription, and stops when it ends; what was sent stays for the next', async () => {
    const { path, bytes } = await folder.file(8 * MIB);
    const uploads = client.uploadFile$(path);
    expect(peer.requests).toEqual([]);
    await new Promise<void>((resolve) => {
      const subscription = uploads.subscribe();
      peer.onBytes = () => {
        subscription.unsubscribe();
        resolve();
      };
    });
    peer.onBytes = undefined;
    const { resumed, url } = await client.uploadFile(path);
    expect(resumed).toBe(true);
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });

  it('fails as the promise does', async () => {
    const failed = client.uploadFile$(folder.at('none')).forEach(() => undefined);
    expect(await failure(failed)).toBeInstanceOf(UploadSourceError);
  });
});

describe('a stream', () => {
  it('is sent in chunks, also one that ends where a chunk does', async () => {
    const { bytes } = await folder.file(1_000_000);
    for (const chunkSize of [250_000, 300_000, 2_000_000]) {
      const { url, size } = await client.uploadFile(pieces(bytes), { chunkSize, size: 1_000_000 });
      expect(size).toBe(1_000_000);
      expect(peer.at(url).bytes.equals(bytes)).toBe(true);
    }
  });

  it('is sent on from memory after a cut in the middle of a chunk (CLI-02)', async () => {
    const { bytes } = await folder.file(1_000_000);
    let cuts = 2;
    peer.onBytes = (upload) => {
      if (upload.bytes.length > 600_000 && cuts-- > 0) peer.cut();
    };
    const options = { chunkSize: 500_000, size: 1_000_000, retryDelays: [0, 0, 0] };
    const { url } = await client.uploadFile(pieces(bytes), options);
    expect(cuts).toBeLessThan(2);
    expect(peer.at(url).bytes.equals(bytes)).toBe(true);
  });

  it.each([
    ['longer', 999_999, 'The stream has more than the 999999 bytes that were announced.'],
    ['shorter', 1_000_001, 'The stream ended after 1000000 of the 1000001 bytes that were announced.'],
  ])('that is %s than was said fails', async (_what, size, sentence) => {
    const { bytes } = await folder.file(1_000_000);
    const error = await failure(client.uploadFile(pieces(bytes), { size }));
    expect(error).toBeInstanceOf(UploadSourceError);
    expect(error.message).toBe(sentence);
  });

  it('that fails ends the upload with its reason, and without a retry', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(10);
        throw new Error('the disk is gone');
      })(),
    );
    const error = await failure(client.uploadFile(broken, { size: 20 }));
    expect(error).toBeInstanceOf(UploadSourceError);
    expect(error.message).toBe('The stream failed: the disk is gone.');
    expect(peer.requests.filter((request) => request.startsWith('HEAD'))).toEqual([]);
  });

  it('that is interrupted is destroyed, and cannot be resumed', async () => {
    const stop = new AbortController();
    peer.onBytes = () => stop.abort();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const error = await failure(client.uploadFile(endless, { size: 2 ** 40, signal: stop.signal }));
    expect(error).toBeInstanceOf(UploadInterruptedError);
    expect(error).toMatchObject({ resumable: false });
    expect(endless.destroyed).toBe(true);
  });
});

function pieces(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 70_000) yield bytes.subarray(at, at + 70_000);
    })(),
  );
}

/** Stops an upload in four ranges when bytes of all of them have arrived. */
async function interruptRanges(path: string): Promise<void> {
  const stop = new AbortController();
  const begun = new Set<string>();
  peer.onBytes = ({ path: range }) => {
    if (begun.add(range).size === 4) stop.abort();
  };
  const running = client.uploadFile(path, { parallelUploads: 4, signal: stop.signal });
  expect(await failure(running)).toMatchObject({ resumable: true });
  peer.onBytes = undefined;
}
