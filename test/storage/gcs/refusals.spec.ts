import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Cleaner } from '../../../src/storage/gcs/cleaner.js';
import { GcsApi } from '../../../src/storage/gcs/gcs.api.js';
import { GcsError, gcsError } from '../../../src/storage/gcs/gcs.error.js';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import { Keys } from '../../../src/storage/gcs/keys.js';
import { LARGEST_OBJECT } from '../../../src/storage/gcs/options.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { content } from '../../support/content.js';
import { memoryFolder } from '../../support/memory-folder.js';
import { call, tus } from '../../support/raw-http.js';
import { PLATFORMS, TusApp } from '../../support/tus-app.js';
import { MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

function refusal(reason: string, message = 'no', status = 400): Error {
  const data = { error: { message, errors: [{ reason }] } };
  return Object.assign(new Error(message), { response: { status, data } });
}

describe('what a store means by 400 or 403', () => {
  it.each(['insert', 'compose', 'rewrite'])('to %s is the fault of the object, for good', (request) => {
    expect(gcsError(request, refusal('invalid'))).toMatchObject({ kind: 'conflict', passes: false });
  });

  it('to an object that is kept is for good, too', () => {
    const kept = refusal('retentionPolicyNotMet', 'kept', 403);
    expect(gcsError('compose', kept)).toMatchObject({ kind: 'conflict', isRetained: true });
  });

  it.each(['rateLimitExceeded', 'userRateLimitExceeded'])(
    'passes where it is too many requests: %s',
    (reason) => {
      const many = refusal(reason, 'Slow down.', 403);
      expect(gcsError('insert', many)).toMatchObject({ kind: 'unavailable', passes: true });
    },
  );

  it('to a deletion is taken for done only where something is kept, whatever the words are', async () => {
    const left = { name: '.tus/a.1-1', generation: '1', length: 1, crc32c: 0, metadata: {} };
    const removing = (reason: string) => {
      // Nothing on this machine keeps objects.
      const api = {
        list: async () => ({ objects: [left] }),
        find: async () => undefined,
        remove: () => Promise.reject(gcsError('delete', refusal(reason, `a@household.example may not`, 403))),
      };
      const cleaner = new Cleaner({ api: api as unknown as GcsApi, keys: new Keys('') });
      return cleaner.remove(new Row().upload, false);
    };
    await removing('objectUnderActiveHold');
    await expect(removing('forbidden')).rejects.toThrow('household');
  });

  it.each<[string, number, string, string?]>([
    ['insert', 400, 'invalid', `Provided CRC32C "a" doesn't match calculated CRC32C "b".`],
    ['compose', 400, 'cloudKmsDisabledKey'],
    ['compose', 400, 'userProjectMissing'],
    ['compose', 400, 'required', 'Bucket is a requester pays bucket but no user project provided.'],
    ['compose', 403, 'forbidden'],
    ['delete', 400, 'invalid'],
    ['list', 400, 'invalid'],
  ])('to %s may be something else: %d %s', (request, status, reason, message = '') => {
    expect(gcsError(request, refusal(reason, message, status))).toMatchObject({ kind: 'unavailable' });
  });
});

describe.each(PLATFORMS)('an upload that is longer than an object may be, on platform-%s', (platform) => {
  let folder: string;
  let app: TusApp;
  beforeEach(async () => {
    folder = await memoryFolder('nestjs-tus-gcs-');
    // Nobody listens there: nothing is asked of the store.
    const clientConfig = { apiEndpoint: 'http://127.0.0.1:9', projectId: 'p' };
    const storage = new GcsStorage({ bucket: 'b', checkBucket: false, clientConfig });
    const database = { path: join(folder, 'uploads.sqlite') };
    app = await TusApp.start({ platform, tus: { storage, database } });
  });
  afterEach(async () => {
    await app.stop();
    await rm(folder, { recursive: true });
  });

  it.each<[string, Record<string, string>]>([
    ['one', {}],
    ['one that has metadata', { 'upload-metadata': 'filename eA==' }],
    ['a partial', { 'upload-concat': 'partial' }],
  ])('is 413 at its creation: %s (CRE-08)', async (_, headers) => {
    const create = (length: number) =>
      call({
        ...{ method: 'POST', url: app.endpoint },
        headers: tus({ 'upload-length': String(length), ...headers }),
      });
    const refused = await create(LARGEST_OBJECT + 1);
    expect(refused.status).toBe(413);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 'UPLOAD_TOO_LARGE' });
    expect((await create(LARGEST_OBJECT)).status).toBe(201);
  });
});

/** Small ones: so many that they are composed in two steps. */
const partSize = MIB / 4;

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await desk.close();
  });

  it('an object that the store will never take ends its upload', async () => {
    const storage = desk.again({ partSize, object: { metadata: () => ({ name: 'x'.repeat(9000) }) } });
    const row = new Row({ length: 2 * MIB });
    await expect(row.send(storage, content(2 * MIB))).rejects.toMatchObject({ kind: 'conflict' });
    await storage.remove(row.upload, false);
    expect(await desk.left()).toEqual([]);
  });

  it('short parts that the bucket keeps go from the record as others do, once they are joined', async () => {
    const kept = new GcsError('unavailable', 'Kept.', 403, 'retentionPolicyNotMet');
    jest.spyOn(GcsApi.prototype, 'remove').mockRejectedValue(kept);
    const row = new Row({ length: 100 });
    const body = content(100);
    for (let at = 0; at < 99; at++) {
      await row.append(desk.storage, body.subarray(at, at + 1));
      expect(row.list.length).toBeLessThanOrEqual(32);
    }
    await row.send(desk.storage, body.subarray(99));
    expect(await desk.object(row.key)).toEqual(body);
  });

  it('a completion that fails again and again leaves one set of objects, and composes nothing twice', async () => {
    const storage = desk.again({ partSize, object: { storageClass: 'NEARLINE' } });
    const row = new Row();
    await row.append(storage, content(10 * MIB).subarray(0, -1));
    // No right on the key, and no fault that a server can be made to show.
    const forbidden = new GcsError('unavailable', 'Forbidden.', 403, 'forbidden');
    const rewrite = jest.spyOn(GcsApi.prototype, 'rewrite').mockRejectedValue(forbidden);
    await expect(row.send(storage, content(10 * MIB).subarray(-1))).rejects.toThrow('Forbidden.');
    row.offset = 10 * MIB;
    const left = await desk.left();
    expect(left.filter((name) => name.includes('step'))).toHaveLength(3);
    for (let times = 0; times < 3; times++) {
      await expect(storage.complete(row.take().whole)).rejects.toThrow('Forbidden.');
      expect(await desk.left()).toEqual(left);
    }

    rewrite.mockRestore();
    await storage.complete(row.take().whole);
    expect((await desk.object(row.key))?.equals(content(10 * MIB))).toBe(true);
    await storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('a type of content that would end its header describes the object, and nothing of it becomes bytes', async () => {
    const contentType = 'text/plain\r\nx-other: 1\r\n\r\nbytes';
    const storage = desk.again({ object: { contentType: () => contentType } });
    const row = new Row({ length: 10 });
    await row.send(storage, content(10));
    expect(await read(storage, row.whole)).toEqual(content(10));
  });

  it.each([
    ['whose length was told later, and is more than an object may have,', LARGEST_OBJECT + 1],
    ['that has reached the length of an object, and says no end,', null],
  ])('an upload %s is full, and keeps its bytes', async (_, length) => {
    const row = new Row({ length });
    if (length === null) {
      const part = {
        number: 1,
        epoch: 1,
        start: 0,
        length: LARGEST_OBJECT,
        tag: '1 AAAAAA==',
        tail: false,
      };
      await row.take().upload.parts.record([part]);
      row.offset = LARGEST_OBJECT;
    }
    const { offset } = row;
    expect(await row.append(desk.storage, content(10))).toMatchObject({
      offset,
      failure: { kind: 'full' },
    });
    expect(desk.requests()).toEqual({});
  });
});
