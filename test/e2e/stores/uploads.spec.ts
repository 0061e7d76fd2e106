import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Upload } from 'tus-js-client';
import type { UploadOptions } from 'tus-js-client';
import { UploadService } from '../../../src/index.js';
import { content } from '../../support/content.js';
import { call, create, head, idOf, patch, tus } from '../../support/raw-http.js';
import { StoreApp } from '../../support/store-app.js';
import { eachStore } from '../../support/stores/each-store.js';
import type { ObjectStore } from '../../support/stores/object-store.js';
import { PLATFORMS } from '../../support/tus-app.js';

const MIB = 1024 ** 2;

eachStore((store) => {
  describe.each(PLATFORMS)('uploads through platform-%s', (platform) => uploads(store, platform));
});

function uploads<Kind extends string>(store: ObjectStore<Kind>, platform: (typeof PLATFORMS)[number]): void {
  let app: StoreApp<Kind>;

  beforeEach(async () => {
    app = await StoreApp.start(store, { platform, tus: { downloads: true } });
  });
  afterEach(() => app.stop());

  const send = (body: Buffer, options: Partial<UploadOptions> = {}) =>
    new Promise<string>((resolve, reject) => {
      const client = new Upload(body, {
        endpoint: app.endpoint,
        retryDelays: [0, 10, 50],
        ...options,
        onError: reject,
        onSuccess: () => resolve(idOf(client.url ?? '')),
      });
      client.start();
    });

  /** That the object is there, and nothing else. */
  const expectStored = async (id: string, body: Buffer) => {
    await app.idle();
    expect((await buffer(await app.bucket.read(id))).equals(body)).toBe(true);
    expect(await app.bucket.leftovers()).toEqual([id]);
  };

  it('chunks of any size are joined; HEAD asks nothing of the store', async () => {
    const body = content(13 * MIB + 5, 1);
    const id = await send(body, { chunkSize: 3 * MIB });
    await app.idle();
    app.proxy.forget();
    const { headers } = await head(`${app.endpoint}/${id}`);
    expect(headers['upload-offset']).toBe(String(body.length));
    expect(app.proxy.tally()).toEqual({});
    await expectStored(id, body);
  });

  it('bytes that do not verify are not there, and are sent again (CHK-03)', async () => {
    const body = content(18 * MIB, 2);
    const half = 9 * MIB;
    const url = await create(app.endpoint, { 'upload-length': String(body.length) });
    expect((await patch(url, 0, body.subarray(0, half))).status).toBe(204);
    const sum = createHash('sha256').update(body.subarray(half)).digest('base64');
    const checksum = { 'upload-checksum': `sha256 ${sum}` };
    expect((await patch(url, half, content(half, 3), checksum)).status).toBe(460);
    expect((await patch(url, half, body.subarray(half), checksum)).status).toBe(204);
    await expectStored(idOf(url), body);
  });

  it('one byte that does not verify takes none of the small ones before it along (CHK-04)', async () => {
    const body = content(100, 4);
    const url = await create(app.endpoint, { 'upload-length': String(body.length) });
    for (let at = 0; at < 31; at++) {
      expect((await patch(url, at, body.subarray(at, at + 1))).status).toBe(204);
    }
    const sum = createHash('sha256').update(body.subarray(31, 32)).digest('base64');
    const checksum = { 'upload-checksum': `sha256 ${sum}` };
    expect((await patch(url, 31, body.subarray(32, 33), checksum)).status).toBe(460);
    expect((await patch(url, 31, body.subarray(31, 32), checksum)).status).toBe(204);
    expect((await patch(url, 32, body.subarray(32))).status).toBe(204);
    await expectStored(idOf(url), body);
  });

  it('a partial that is complete is one object in the store', async () => {
    const body = content(20 * MIB, 10);
    const headers = { 'upload-concat': 'partial', 'upload-length': String(body.length) };
    const url = await create(app.endpoint, headers);
    expect((await patch(url, 0, body)).status).toBe(204);
    await app.idle();
    expect(await app.bucket.leftovers()).toEqual([`.tus/${idOf(url)}`]);
  });

  it('a length that comes last ends an upload whose bytes are all there', async () => {
    const url = await create(app.endpoint, { 'upload-defer-length': '1' });
    const body = content(9 * MIB, 5);
    expect((await patch(url, 0, body)).status).toBe(204);
    const length = { 'upload-length': String(body.length) };
    expect((await patch(url, body.length, '', length)).status).toBe(204);
    await expectStored(idOf(url), body);
  });

  it('a download gives ranges of the object (GET-06)', async () => {
    const body = content(9 * MIB, 6);
    const id = await send(body);
    const headers = { range: 'bytes=5-1048580' };
    const answer = await call({ method: 'GET', url: `${app.endpoint}/${id}`, headers });
    expect(answer.status).toBe(206);
    expect(answer.body.equals(body.subarray(5, 1_048_581))).toBe(true);
  });

  it('DELETE frees what an unfinished upload, and a complete one, has stored (TER-01)', async () => {
    const url = await create(app.endpoint, { 'upload-length': String(20 * MIB) });
    expect((await patch(url, 0, content(9 * MIB, 7))).status).toBe(204);
    const id = await send(content(1000, 8));
    for (const one of [url, `${app.endpoint}/${id}`]) {
      expect((await call({ method: 'DELETE', url: one, headers: tus() })).status).toBe(204);
    }
    await app.idle();
    expect(await app.bucket.leftovers()).toEqual([]);
  });

  it('a store that is away is 503 with Retry-After, and the offset stays', async () => {
    const body = content(20 * MIB, 9);
    const url = await create(app.endpoint, { 'upload-length': String(body.length) });
    expect((await patch(url, 0, body.subarray(0, 9 * MIB))).status).toBe(204);
    app.proxy.faults = () => 'slow-down';
    const refused = await patch(url, 9 * MIB, body.subarray(9 * MIB));
    expect(refused.status).toBe(503);
    expect(refused.headers).toHaveProperty('retry-after');

    app.proxy.faults = () => undefined;
    const offset = Number((await head(url)).headers['upload-offset']);
    expect(offset).toBeGreaterThanOrEqual(9 * MIB);
    expect((await patch(url, offset, body.subarray(offset))).status).toBe(204);
    expect((await app.app.get(UploadService).get(idOf(url))).state).toBe('complete');
  }, 60_000);
}
