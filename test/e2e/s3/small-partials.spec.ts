import { expect, it } from '@jest/globals';
import { content, sha256Of } from '../../support/content.js';
import { call, create, idOf, patch, tus } from '../../support/raw-http.js';
import { StoreApp } from '../../support/store-app.js';
import { eachS3Store } from '../../support/stores/each-store.js';

const MIB = 1024 ** 2;

eachS3Store((store) => {
  it('a merge reads back of the partials only the pieces below 5 MiB, which no copy can carry', async () => {
    const app = await StoreApp.start(store);
    try {
      const sizes = [3, 3, 3, 3, 3, 12, 6, 3].map((size) => size * MIB);
      const parts = sizes.map((size, index) => content(size, index));
      const paths: string[] = [];
      for (const part of parts) {
        const headers = { 'upload-concat': 'partial', 'upload-length': String(part.length) };
        const url = await create(app.endpoint, headers);
        expect((await patch(url, 0, part)).status).toBe(204);
        paths.push(new URL(url).pathname);
      }
      app.proxy.forget();
      const final = tus({ 'upload-concat': `final;${paths.join(' ')}` });
      const answer = await call({ method: 'POST', url: app.endpoint, headers: final });
      expect(answer.status).toBe(201);
      const id = idOf(String(answer.headers.location));

      expect(await app.hashOf(id)).toBe(await sha256Of(parts));
      const read = app.proxy.requests.filter(({ kind }) => kind === 'GetObject');
      // The fifth is filled up out of the large one behind it; the last part of an object may be small.
      const pieces = read.map(({ answered }) => answered / MIB).toSorted((one, other) => one - other);
      expect(pieces).toEqual([2, 3, 3, 3, 3, 3]);
      expect(app.proxy.tally()).toMatchObject({ UploadPart: 3, UploadPartCopy: 3 });
      await app.settle();
      expect(await app.bucket.leftovers()).toEqual([id]);
    } finally {
      await app.stop();
    }
  }, 120_000);
});
