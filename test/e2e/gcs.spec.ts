import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Upload } from 'tus-js-client';
import type { UploadOptions } from 'tus-js-client';
import { UploadService } from '../../src/index.js';
import { content, Desk, MIB } from '../storage/gcs/support.js';
import { onFakeGcs } from '../support/services/each-gcs-service.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';

const TUS = { 'tus-resumable': '1.0.0' };
const PATCH = { ...TUS, 'content-type': 'application/offset+octet-stream' };

describe.each(PLATFORMS)('uploads to Google Cloud Storage through platform-%s', (platform) => {
  onFakeGcs((suite) => {
    let desk: Desk;
    let app: TusApp;
    let directory: string;
    let stopped: boolean;

    beforeEach(async () => {
      desk = await Desk.open(suite);
      directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-gcs-'));
      app = await start();
    });
    afterEach(async () => {
      if (!stopped) await stop();
      await rm(directory, { recursive: true, force: true });
      await desk.close();
    });

    const start = () => {
      stopped = false;
      const database = { path: join(directory, 'uploads.sqlite') };
      const tus = { storage: desk.storage, database, downloads: true };
      return TusApp.start({ platform, directory, tus });
    };

    /** Ends once the clean-up that runs in the background has. */
    const stop = async () => {
      stopped = true;
      await app.stop();
    };

    const send = (body: Buffer, options: Partial<UploadOptions> = {}) =>
      new Promise<string>((resolve, reject) => {
        const client = new Upload(body, {
          endpoint: app.endpoint,
          retryDelays: [0, 10, 50],
          ...options,
          onError: reject,
          onSuccess: () => resolve(client.url?.split('/').at(-1) ?? ''),
        });
        client.start();
      });

    const post = (headers: Record<string, string>, body?: Buffer) =>
      fetch(app.endpoint, { method: 'POST', headers: { ...TUS, ...headers }, ...(body && { body }) });

    const patch = (url: string, offset: number, body: Buffer, headers = {}) =>
      fetch(url, { method: 'PATCH', headers: { ...PATCH, 'upload-offset': `${offset}`, ...headers }, body });

    it('four partials at once become one object, and none of their bytes is read back', async () => {
      const body = content(33 * MIB);
      const path = join(directory, 'file');
      await writeFile(path, body);
      desk.requests();
      const id = await new Promise<string>((resolve, reject) => {
        const client = new Upload(createReadStream(path), {
          endpoint: app.endpoint,
          parallelUploads: 4,
          onError: reject,
          onSuccess: () => resolve(client.url?.split('/').at(-1) ?? ''),
        });
        client.start();
      });
      await stop();

      // Each byte went to the store once, in four partials of two parts each; and came back never.
      const { received } = desk.proxy.bytes('insert');
      expect(received - body.length).toBeLessThan(8 * 1024);
      const requests = desk.requests();
      expect(requests).toMatchObject({ insert: 8, compose: 6 });
      expect(requests).not.toHaveProperty('get media');
      expect((await desk.object(id))?.equals(body)).toBe(true);
      expect(await desk.left()).toEqual([id]);
    });

    it('chunks of any size are joined; HEAD asks nothing of the store', async () => {
      const body = content(13 * MIB + 5);
      const id = await send(body, { chunkSize: 3 * MIB });
      desk.requests();
      const head = await fetch(`${app.endpoint}/${id}`, { method: 'HEAD', headers: TUS });
      expect(head.headers.get('upload-offset')).toBe(String(body.length));
      await stop();

      expect(desk.requests()).toEqual(expect.not.objectContaining({ get: expect.anything() }));
      expect((await desk.object(id))?.equals(body)).toBe(true);
      expect(await desk.left()).toEqual([id]);
    });

    it('a download of an object that somebody has removed is 404', async () => {
      const id = await send(content(1000));
      await suite.bucket.remove(desk.prefix + id);
      expect((await fetch(`${app.endpoint}/${id}`)).status).toBe(404);
    });

    it('an upload that is whole in its POST is one request', async () => {
      desk.requests();
      const body = content(MIB);
      const answer = await post({ ...PATCH, 'upload-length': `${MIB}` }, body);
      expect(answer.status).toBe(201);
      await stop();

      expect(desk.requests()).toEqual({ insert: 1 });
    });

    it('bytes that do not verify are not there, and are sent again (CHK-03)', async () => {
      const body = content(18 * MIB);
      const { headers } = await post({ 'upload-length': `${body.length}` });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      const half = 9 * MIB;
      expect((await patch(url, 0, body.subarray(0, half))).status).toBe(204);
      const sum = createHash('sha256').update(body.subarray(half)).digest('base64');
      const wrong = content(half, 2);
      const refused = await patch(url, half, wrong, { 'upload-checksum': `sha256 ${sum}` });
      expect(refused.status).toBe(460);
      const accepted = await patch(url, half, body.subarray(half), { 'upload-checksum': `sha256 ${sum}` });
      expect(accepted.status).toBe(204);
      await stop();

      const id = url.split('/').at(-1) ?? '';
      expect((await desk.object(id))?.equals(body)).toBe(true);
      expect(await desk.left()).toEqual([id]);
    });

    it('one byte that does not verify takes none of the small ones before it along (CHK-04)', async () => {
      const { headers } = await post({ 'upload-length': '100' });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      const body = content(100);
      for (let at = 0; at < 31; at++) {
        expect((await patch(url, at, body.subarray(at, at + 1))).status).toBe(204);
      }
      const sum = createHash('sha256').update(body.subarray(31, 32)).digest('base64');
      const checked = { 'upload-checksum': `sha256 ${sum}` };
      expect((await patch(url, 31, Buffer.from('X'), checked)).status).toBe(460);
      expect((await patch(url, 31, body.subarray(31, 32), checked)).status).toBe(204);
      expect((await patch(url, 32, body.subarray(32))).status).toBe(204);

      expect(await desk.object(url.split('/').at(-1) ?? '')).toEqual(body);
    });

    it('a partial that is complete is one object in the store', async () => {
      const { headers } = await post({ 'upload-length': `${20 * MIB}`, 'upload-concat': 'partial' });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      expect((await patch(url, 0, content(20 * MIB))).status).toBe(204);
      await stop();

      expect(await desk.left()).toEqual([`.tus/${url.split('/').at(-1)}`]);
    });

    it('a length that comes last ends an upload whose bytes are all there', async () => {
      const { headers } = await post({ 'upload-defer-length': '1' });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      const body = content(9 * MIB);
      expect((await patch(url, 0, body)).status).toBe(204);
      const last = await patch(url, body.length, Buffer.alloc(0), { 'upload-length': `${body.length}` });
      expect(last.status).toBe(204);
      await stop();

      const id = url.split('/').at(-1) ?? '';
      expect((await desk.object(id))?.equals(body)).toBe(true);
      expect(await desk.left()).toEqual([id]);
    });

    it('a download gives ranges of the object (GET-06)', async () => {
      const body = content(9 * MIB);
      const id = await send(body);
      const answer = await fetch(`${app.endpoint}/${id}`, { headers: { range: 'bytes=5-1048580' } });
      expect(answer.status).toBe(206);
      expect(Buffer.from(await answer.arrayBuffer()).equals(body.subarray(5, 1_048_581))).toBe(true);
    });

    it('DELETE frees what an unfinished upload, and a complete one, has stored (TER-01)', async () => {
      const { headers } = await post({ 'upload-length': `${20 * MIB}` });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      await patch(url, 0, content(9 * MIB));
      const id = await send(content(1000));
      for (const one of [url, `${app.endpoint}/${id}`]) {
        expect((await fetch(one, { method: 'DELETE', headers: TUS })).status).toBe(204);
      }
      await stop();

      expect(await desk.left()).toEqual([]);
    });

    it('a store that is away is 503 with Retry-After, and the offset stays', async () => {
      const { headers } = await post({ 'upload-length': `${20 * MIB}` });
      const url = new URL(headers.get('location') ?? '', app.endpoint).href;
      await patch(url, 0, content(9 * MIB));
      desk.proxy.faults = () => 'slow-down';
      const refused = await patch(url, 9 * MIB, content(20 * MIB).subarray(9 * MIB));
      expect(refused.status).toBe(503);
      expect(refused.headers.has('retry-after')).toBe(true);

      desk.proxy.faults = () => undefined;
      const head = await fetch(url, { method: 'HEAD', headers: TUS });
      const offset = Number(head.headers.get('upload-offset'));
      expect(offset).toBeGreaterThanOrEqual(9 * MIB);
      expect((await patch(url, offset, content(20 * MIB).subarray(offset))).status).toBe(204);
      expect((await app.get(UploadService).get(url.split('/').at(-1) ?? '')).state).toBe('complete');
    });
  });
});
