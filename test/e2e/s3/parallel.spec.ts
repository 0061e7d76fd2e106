import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Upload } from 'tus-js-client';
import { content, contentFile, sha256Of } from '../../support/content.js';
import { call, create, patch, tus } from '../../support/raw-http.js';
import { S3App } from '../../support/s3-app.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';

const MIB = 1024 ** 2;
const SIZE = 1024 * MIB;

describe('an upload in parallel to S3', () => {
  let folder: string;
  let path: string;
  let expected: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-parallel-'));
    path = join(folder, 'large.bin');
    expected = await contentFile(path, SIZE, 1);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  eachLocalS3Service((suite) => {
    let app: S3App;

    beforeEach(async () => {
      app = await S3App.start(suite);
    });
    afterEach(() => app.stop());

    it('1 GiB in four parts by tus-js-client is the object, byte for byte, and the server read back none', async () => {
      const id = await upload(path, app.endpoint);
      await app.settle();
      expect(app.proxy.bytes('GetObject')).toEqual({ received: 0, answered: 0 });
      expect(await app.hashOf(id)).toBe(expected);
      expect(await app.bucket.leftovers()).toEqual([id]);
    }, 600_000);

    it('reads back of the partials only the pieces below 5 MiB, which no copy can carry', async () => {
      const sizes = [3, 3, 3, 3, 3, 12, 6, 3].map((size) => size * MIB);
      const parts = sizes.map((size, index) => content(size, index));
      const urls: string[] = [];
      for (const part of parts) urls.push(await partial(part));
      app.proxy.forget();
      const id = await final(urls);
      expect(await app.hashOf(id)).toBe(await sha256Of(parts));
      const read = app.proxy.requests.filter(({ kind }) => kind === 'GetObject');
      // The fifth is filled up out of the large one behind it; the last part of an object may be small.
      const pieces = read.map(({ answered }) => answered / MIB).toSorted((one, other) => one - other);
      expect(pieces).toEqual([2, 3, 3, 3, 3, 3]);
      expect(app.proxy.tally()).toMatchObject({ UploadPart: 3, UploadPartCopy: 3 });
      await app.settle();
      expect(await app.bucket.leftovers()).toEqual([id]);
    });

    async function partial(bytes: Buffer): Promise<string> {
      const url = await create(app.endpoint, {
        'upload-concat': 'partial',
        'upload-length': String(bytes.length),
      });
      expect((await patch(url, 0, bytes)).status).toBe(204);
      return url;
    }

    async function final(urls: readonly string[]): Promise<string> {
      const paths = urls.map((url) => new URL(url).pathname).join(' ');
      const headers = tus({ 'upload-concat': `final;${paths}` });
      const answer = await call({ method: 'POST', url: app.endpoint, headers });
      expect(answer.status).toBe(201);
      return idOf(String(answer.headers.location));
    }
  });
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

function idOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}
