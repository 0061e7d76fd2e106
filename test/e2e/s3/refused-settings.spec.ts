import type { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { S3ObjectSettings } from '../../../src/storage/s3/index.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import { call, head, patch, tus } from '../../support/raw-http.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { StoreApp } from '../../support/store-app.js';
import { eachS3Store } from '../../support/stores/each-store.js';
import { PLATFORMS } from '../../support/tus-app.js';

/** Bytes of a name that the store can just hold as the metadata "n". */
const MOST = 1874 - 'x-amz-meta-n'.length;

describe.each(PLATFORMS)('uploads whose objects the store would refuse, on platform-%s', (platform) => {
  eachS3Store((store) => {
    let app: StoreApp<S3Kind> | undefined;
    const logged: string[] = [];
    afterEach(async () => {
      await app?.stop();
      app = undefined;
    });

    async function start(object: S3ObjectSettings): Promise<StoreApp<S3Kind>> {
      logged.length = 0;
      const note = (error: unknown) => void logged.push(String(error));
      const logger = { log: () => {}, warn: () => {}, error: note, fatal: note };
      app = await StoreApp.start(store, {
        ...{ platform, nest: { logger } },
        storageOf: ({ options }) => new S3Storage({ ...(options() as { bucket: string }), object }),
      });
      return app;
    }

    const create = ({ endpoint }: StoreApp<S3Kind>, headers: Record<string, string>, body?: Buffer) =>
      call({ method: 'POST', url: endpoint, headers: tus(headers), ...(body && { body }) });

    const named = (name: string) => ({
      'upload-metadata': `filename ${Buffer.from(name).toString('base64')}`,
    });

    it('are 400 at their creation, with what is wrong, and nothing is created (CRE-12)', async () => {
      const running = await start({ metadata: ({ metadata }) => ({ n: metadata.get('filename') ?? '' }) });
      for (const headers of [
        { 'upload-length': '5', ...named('x'.repeat(MOST + 1)) },
        { 'upload-length': '0', ...named('x'.repeat(MOST + 1)) },
        { 'upload-defer-length': '1', ...named('x'.repeat(3000)) },
      ]) {
        const answer = await create(running, headers);
        expect(answer.status).toBe(400);
        expect(JSON.parse(answer.body.toString())).toMatchObject({
          code: 'INVALID_METADATA',
          message: expect.stringContaining('"object.metadata" must be texts by names'),
        });
      }
      expect(await running.rows('SELECT id FROM tus_upload')).toEqual([]);
      expect(running.proxy.tally()).toEqual({});
    });

    it('are none where the store just holds it: what is accepted can be completed', async () => {
      const running = await start({
        metadata: ({ metadata }) => ({ n: metadata.get('filename') ?? '' }),
        contentDisposition: () => `attachment; filename*=UTF-8''%C3%A9`,
      });
      const answer = await create(running, { 'upload-length': '5', ...named('x'.repeat(MOST)) });
      expect(answer.status).toBe(201);
      const url = new URL(answer.headers.location ?? '', running.endpoint).href;
      expect((await patch(url, 0, 'hello')).status).toBe(204);
      expect(await running.rows('SELECT state FROM tus_upload')).toEqual([{ state: 'complete' }]);
    });

    it('are 400 for a final as well, and its partials stay', async () => {
      const running = await start({ contentDisposition: ({ metadata }) => metadata.get('filename') });
      const part = await create(running, { 'upload-length': '0', 'upload-concat': 'partial', ...named('é') });
      expect(part.status).toBe(201);
      const final = await create(running, {
        'upload-concat': `final;${part.headers.location}`,
        ...named('é'),
      });
      expect(final.status).toBe(400);
      expect(await running.rows('SELECT kind, pins FROM tus_upload')).toEqual([{ kind: 'partial', pins: 0 }]);
    });

    it('are 500 where the application is at fault, with a sentence in its log', async () => {
      const running = await start({
        contentType: () => {
          throw new Error('a bug');
        },
      });
      expect((await create(running, { 'upload-length': '5', ...named('a') })).status).toBe(500);
      expect(logged.join()).toContain('option "storage.object.contentType" failed with Error: a bug');
      expect(await running.rows('SELECT id FROM tus_upload')).toEqual([]);
    });

    it('are 500 with the sentence of the store in the log where only the store can tell, and go on later', async () => {
      logged.length = 0;
      let refusing = true;
      const send = async ({ constructor: { name } }: object) => {
        const status = name === 'HeadObjectCommand' ? 404 : 400;
        if (!refusing && status === 400) return { ETag: '"etag"', $metadata: { attempts: 1 } };
        const error = { name: 'InvalidStorageClass', $metadata: { httpStatusCode: status } };
        throw Object.assign(new Error('no such class'), error);
      };
      const note = (error: unknown) => void logged.push(String(error));
      app = await StoreApp.start(store, {
        ...{ platform, nest: { logger: { log: () => {}, warn: () => {}, error: note, fatal: note } } },
        storageOf: () =>
          new S3Storage({ bucket: 'b', client: { send } as unknown as S3Client, checkBucket: false }),
      });
      const { headers } = await create(app, { 'upload-length': '5' });
      const url = new URL(headers.location ?? '', app.endpoint).href;
      const answer = await patch(url, 0, 'hello');
      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'STORAGE_REFUSED' });
      expect(logged.join()).toContain('answered 400 InvalidStorageClass to PutObject: no such class');

      refusing = false;
      expect((await head(url)).headers['upload-offset']).toBe('0');
      expect((await patch(url, 0, 'hello')).status).toBe(204);
    });

    it('are 500 without metadata, which no client has had a part in', async () => {
      const running = await start({ contentDisposition: () => 'filename="é"' });
      expect((await create(running, { 'upload-length': '5' })).status).toBe(500);
      expect(logged.join()).toContain('"object.contentDisposition" must be text of printable ASCII');
    });
  });
});

it('a store whose settings are values needs no look at an upload', () => {
  const storage = new S3Storage({
    bucket: 'b',
    clientConfig: { region: 'r' },
    object: { contentType: 'x/y' },
  });
  expect(() =>
    storage.check({ id: 'i', kind: 'single', key: 'k', length: null, metadata: 'not decodable, , ,' }),
  ).not.toThrow();
});
