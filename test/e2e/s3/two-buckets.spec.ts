import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TusModule } from '../../../src/index.js';
import { Background } from '../../../src/uploads/background.js';
import { content } from '../../support/content.js';
import { call, create, patch, tus } from '../../support/raw-http.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { StoreApp } from '../../support/store-app.js';
import { eachS3Store } from '../../support/stores/each-store.js';
import type { Bucket } from '../../support/stores/object-store.js';
import { PLATFORMS } from '../../support/tus-app.js';

const MIB = 1024 ** 2;
const key = () => 'the/same/key';

describe.each(PLATFORMS)('two buckets of one application, on platform-%s', (platform) => {
  eachS3Store((store) => {
    let app: StoreApp<S3Kind>;
    let archive: Bucket<S3Kind>;
    let directory: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-two-buckets-'));
      archive = await store.open();
      const other = TusModule.forRoot({
        ...{ name: 'archive', path: 'archive', key, storage: archive.storage() },
        database: { path: join(directory, 'archive.sqlite') },
      });
      app = await StoreApp.start(store, { platform, imports: [other], tus: { key } });
    });
    afterEach(async () => {
      await app.stop();
      await archive.close();
      await rm(directory, { recursive: true });
    });

    it('have objects with the same key beside each other, and lose only their own', async () => {
      const [one, two] = [content(9 * MIB, 1), content(10, 2)];
      const first = await create(app.endpoint, { 'upload-length': String(one.length) });
      const second = await create(`${app.app.origin}/archive`, { 'upload-length': String(two.length) });
      expect((await patch(first, 0, one)).status).toBe(204);
      expect((await patch(second, 0, two)).status).toBe(204);
      expect((await buffer(await app.bucket.read(key()))).equals(one)).toBe(true);
      expect((await buffer(await archive.read(key()))).equals(two)).toBe(true);

      expect((await call({ method: 'DELETE', url: first, headers: tus() })).status).toBe(204);
      for (const background of app.app.nest.get(Background, { strict: false, each: true }))
        await background.idle();
      expect(await app.bucket.leftovers()).toEqual([]);
      expect(await archive.leftovers()).toEqual([key()]);
    });
  });
});
