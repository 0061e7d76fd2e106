import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TusClient, MemoryUrlStore } from '../../src/client/index.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';
import { ClientFolder, failure, MIB } from './client-folder.js';

overStorages('concatenation', 'the client', ({ platform, place: newPlace }) => {
  let folder: ClientFolder;
  let place: TestPlace;
  let app: TusApp;
  let client: TusClient;

  beforeAll(async () => {
    folder = await ClientFolder.make();
    place = await newPlace();
    app = await TusApp.start({ platform, place });
    client = new TusClient({ endpoint: app.endpoint, urlStore: new MemoryUrlStore(), retryDelays: [0, 100] });
  });
  afterAll(async () => {
    await app.stop();
    await place.close();
    await folder.remove();
  });

  it('uploads in four ranges with checksums, goes on after an interruption, and the file is right', async () => {
    const { path, bytes } = await folder.file(24 * MIB + 1);
    const stop = new AbortController();
    const options = { parallelUploads: 4, checksum: 'sha256', chunkSize: MIB } as const;
    let requests = 0;
    // With the twelfth request some chunks are there, and more are not.
    const headers = () => {
      if (++requests === 12) stop.abort();
      return {};
    };
    const interrupted = client.uploadFile(path, { ...options, headers, signal: stop.signal });
    expect(await failure(interrupted)).toMatchObject({ resumable: true });
    const { url, resumed } = await client.uploadFile(path, options);
    expect(resumed).toBe(true);
    expect((await stored(url))?.equals(bytes)).toBe(true);
  });

  it('has partials merged that it uploaded one by one', async () => {
    const first = await folder.file(6 * MIB, 'first', 2);
    const second = await folder.file(1000, 'second', 3);
    const urls = [
      await client.createPartialUpload(first.path),
      await client.createPartialUpload(second.path),
    ];
    const { url } = await client.createFinalUpload(urls);
    expect((await stored(url))?.equals(Buffer.concat([first.bytes, second.bytes]))).toBe(true);
  });

  const stored = (url: string) => place.object(url.split('/').at(-1)!);
});
