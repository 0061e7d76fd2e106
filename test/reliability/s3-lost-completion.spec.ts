import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { content, sha256Of } from '../support/content.js';
import { hastyClient } from '../support/hasty-client.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { S3App } from '../support/s3-app.js';
import type { Fault } from '../support/s3-proxy/fault.js';
import { eachLocalS3Service } from '../support/services/each-s3-service.js';

const MIB = 1024 ** 2;

eachLocalS3Service((suite) => {
  describe('a partial whose parts the store has put together, while nobody was told and nobody can look', () => {
    let app: S3App;

    beforeEach(async () => {
      const storage = (endpoint: string) => ({ client: hastyClient({ ...suite.address, endpoint }) });
      app = await S3App.start(suite, { storage });
    });
    afterEach(() => app.stop());

    for (const fault of ['lost-answer', 'reset'] satisfies Fault[]) {
      it(`goes on where it stood, and its final has all bytes (${fault})`, async () => {
        const bytes = content(20 * MIB, 1);
        const headers = { 'upload-concat': 'partial', 'upload-length': String(bytes.length) };
        const url = await create(app.endpoint, headers);
        expect((await patch(url, 0, bytes.subarray(0, 9 * MIB))).status).toBe(204);
        app.proxy.faults = (kind) =>
          kind === 'CompleteMultipartUpload' ? fault : kind === 'HeadObject' ? 'reset' : undefined;
        expect((await patch(url, 9 * MIB, bytes.subarray(9 * MIB))).status).toBe(503);

        app.proxy.faults = () => undefined;
        const offset = Number((await head(url)).headers['upload-offset']);
        expect(offset).toBeGreaterThanOrEqual(9 * MIB);
        expect([204, 409]).toContain((await patch(url, offset, bytes.subarray(offset))).status);
        expect((await head(url)).headers['upload-offset']).toBe(String(bytes.length));

        const final = { 'upload-concat': `final;${new URL(url).pathname}` };
        const answer = await call({ method: 'POST', url: app.endpoint, headers: tus(final) });
        const id = String(answer.headers.location).split('/').at(-1) ?? '';
        expect(await app.hashOf(id)).toBe(await sha256Of([bytes]));
        await app.settle();
        expect(await app.bucket.leftovers()).toEqual([id]);
      });
    }
  });
});
