import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { content, sha256Of } from '../../support/content.js';
import { call, create, head, idOf, patch, tus } from '../../support/raw-http.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { StoreApp } from '../../support/store-app.js';
import { eachS3Store } from '../../support/stores/each-store.js';

const MIB = 1024 ** 2;

eachS3Store((store) => {
  describe('requests to the store', () => {
    let app: StoreApp<S3Kind>;

    beforeAll(async () => {
      app = await StoreApp.start(store);
    });
    afterEach(async () => {
      await app.idle();
      app.proxy.forget();
    });
    afterAll(() => app.stop());

    /** Those that a client waits for, and all until nothing is under way any more. */
    async function requests() {
      const waited = app.proxy.tally();
      await app.idle();
      const all = app.proxy.tally();
      app.proxy.forget();
      return { waited, all };
    }

    it('are 10 for 64 MiB in one PATCH: Create, eight parts, Complete', async () => {
      const bytes = content(64 * MIB, 1);
      const url = await upload(bytes);
      const { all } = await requests();
      expect(all).toEqual({ CreateMultipartUpload: 1, UploadPart: 8, CompleteMultipartUpload: 1 });
      expect(await app.hashOf(idOf(url))).toBe(await sha256Of([bytes]));
    });

    it('are 1 for 1 MiB, which comes with the PATCH', async () => {
      await upload(content(MIB, 2));
      expect((await requests()).all).toEqual({ PutObject: 1 });
    });

    it('are 1 for 1 MiB that comes with the POST (CRE-20)', async () => {
      const answer = await call({
        method: 'POST',
        url: app.endpoint,
        headers: tus({ 'upload-length': String(MIB), 'content-type': 'application/offset+octet-stream' }),
        body: content(MIB, 3),
      });
      expect(answer.headers['upload-offset']).toBe(String(MIB));
      expect((await requests()).all).toEqual({ PutObject: 1 });
    });

    it('are 1 for an upload without bytes (CRE-04)', async () => {
      await create(app.endpoint, { 'upload-length': '0' });
      expect((await requests()).all).toEqual({ PutObject: 1 });
    });

    it('are none for a creation, for HEAD and for OPTIONS', async () => {
      const url = await create(app.endpoint, { 'upload-length': String(64 * MIB) });
      expect((await head(url)).status).toBe(200);
      expect((await call({ method: 'OPTIONS', url: app.endpoint })).status).toBe(204);
      expect((await patch(url, 0, content(MIB, 4))).status).toBe(204);
      app.proxy.forget();
      expect((await head(url)).headers['upload-offset']).toBe(String(MIB));
      expect((await requests()).all).toEqual({});
    });

    it('are 2 at most for a PATCH of 1 MiB in the middle, and what removes the tail before and begins the parts', async () => {
      const bytes = content(16 * MIB, 5);
      const url = await create(app.endpoint, { 'upload-length': String(bytes.length) });
      const asked: unknown[] = [];
      for (let at = 0; at < 10 * MIB; at += MIB) {
        expect((await patch(url, at, bytes.subarray(at, at + MIB))).status).toBe(204);
        const { DeleteObject: _, CreateMultipartUpload: begun, ...others } = (await requests()).all;
        asked.push(begun ? { begun, ...others } : others);
      }
      const tail = { GetObject: 1, PutObject: 1 };
      const part = { GetObject: 1, UploadPart: 1 };
      const first = [{ PutObject: 1 }, tail, tail, tail, { begun: 1, ...part }];
      expect(asked).toEqual([...first, { PutObject: 1 }, tail, tail, tail, part]);
      expect((await patch(url, 10 * MIB, bytes.subarray(10 * MIB))).status).toBe(204);
      await app.idle();
      expect(await app.hashOf(idOf(url))).toBe(await sha256Of([bytes]));
    });

    it('are k + 2 at most for a final of k large partials, and the clean-up', async () => {
      const parts = [6, 6, 6, 6].map((size, index) => content(size * MIB, 10 + index));
      const urls: string[] = [];
      for (const part of parts) urls.push(await upload(part, { 'upload-concat': 'partial' }));
      await requests();
      const paths = urls.map((url) => new URL(url).pathname).join(' ');
      const answer = await call({
        method: 'POST',
        url: app.endpoint,
        headers: tus({ 'upload-concat': `final;${paths}` }),
      });
      expect(answer.status).toBe(201);
      const { all } = await requests();
      const { DeleteObject, ...made } = all;
      expect(made).toEqual({ CreateMultipartUpload: 1, UploadPartCopy: 4, CompleteMultipartUpload: 1 });
      expect(DeleteObject).toBeGreaterThanOrEqual(4);
      expect(await app.hashOf(idOf(String(answer.headers.location)))).toBe(await sha256Of(parts));
    });

    async function upload(bytes: Buffer, headers: Record<string, string> = {}): Promise<string> {
      const url = await create(app.endpoint, { 'upload-length': String(bytes.length), ...headers });
      expect((await patch(url, 0, bytes)).status).toBe(204);
      return url;
    }
  });
});
