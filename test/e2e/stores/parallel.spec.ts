import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Upload } from 'tus-js-client';
import { contentFile } from '../../support/content.js';
import { idOf } from '../../support/raw-http.js';
import { StoreApp } from '../../support/store-app.js';
import { eachStore } from '../../support/stores/each-store.js';

const MIB = 1024 ** 2;
const SIZE = 1024 * MIB;

describe('an upload in parallel', () => {
  let folder: string;
  let path: string;
  let expected: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-parallel-'));
    path = join(folder, 'large.bin');
    expected = await contentFile(path, SIZE, 1);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  eachStore(
    (store) => {
      it('of 1 GiB in four parts by tus-js-client is the object, byte for byte; the store got each byte once, and gave none back', async () => {
        const app = await StoreApp.start(store);
        try {
          const id = await upload(path, app.endpoint);
          await app.settle();
          const { received, answered } = app.proxy.bytes();
          expect(received).toBeGreaterThanOrEqual(SIZE);
          // The words around them: of some hundred requests.
          expect(received - SIZE).toBeLessThan(MIB / 2);
          expect(answered).toBeLessThan(MIB / 2);
          expect(await app.hashOf(id)).toBe(expected);
          expect(await app.bucket.leftovers()).toEqual([id]);
        } finally {
          await app.stop();
        }
      }, 900_000);
    },
    { large: true },
  );
});

function upload(path: string, endpoint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client: Upload = new Upload(createReadStream(path), {
      endpoint,
      parallelUploads: 4,
      retryDelays: [0, 10, 50],
      onError: reject,
      onSuccess: () => resolve(idOf(client.url ?? '')),
    });
    client.start();
  });
}
