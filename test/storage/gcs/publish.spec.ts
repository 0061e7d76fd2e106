import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GcsApi } from '../../../src/storage/gcs/gcs.api.js';
import { GcsError } from '../../../src/storage/gcs/gcs.error.js';
import { content } from '../../support/content.js';
import type { GcsKind } from '../../support/gcs-proxy/request-kind.js';
import type { Fault } from '../../support/s3-proxy/fault.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite, { requestTimeout: 300 });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await desk.close();
  });

  for (const [name, length] of [
    ['one request', 10_000],
    ['parts', 9 * MIB],
  ] as const) {
    const kind: GcsKind = length > 8 * MIB ? 'compose' : 'insert';
    describe(`an object that is made of ${name}`, () => {
      it('never replaces another one: the upload fails as a conflict, and the other one stays', async () => {
        const row = new Row({ length });
        await desk.put(row.key, 'foreign');
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'conflict' });

        await desk.storage.remove(row.upload, false);
        expect(await desk.object(row.key)).toEqual(Buffer.from('foreign'));
        expect(await desk.left()).toEqual([row.key]);
      });

      it('replaces another one where the application allows it', async () => {
        const row = new Row({ length });
        await desk.put(row.key, 'foreign');
        await row.send(desk.again({ overwrite: true }), content(length));
        expect((await desk.object(row.key))?.equals(content(length))).toBe(true);
      });

      for (const fault of ['lost-answer', 'truncated-answer'] satisfies Fault[]) {
        it(`is recognised after every answer to ${kind} has met the fault "${fault}"`, async () => {
          const row = new Row({ length });
          desk.proxy.faults = (asked) => (asked === kind ? fault : undefined);
          const sent = row.send(desk.storage, content(length)).then(
            () => true,
            () => false,
          );
          // The parts, too, are recognised by what is there.
          expect(await sent).toBe(true);

          desk.proxy.faults = () => undefined;
          await desk.proxy.idle();
          await desk.storage.discardWork(row.whole);
          expect((await desk.object(row.key))?.equals(content(length))).toBe(true);
          expect(await desk.left()).toEqual([row.key]);
        });
      }

      it('is not there if the store was never reached, and the bytes can be sent again', async () => {
        const row = new Row({ length });
        desk.proxy.faults = (asked) => (asked === kind ? 'reset' : undefined);
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'unavailable' });

        desk.proxy.faults = () => undefined;
        // As the service does with a row that says `finishing`.
        const settled = await desk.storage.complete({ ...row.take().upload, offset: length }).then(
          () => true,
          () => false,
        );
        if (!settled) await row.send(desk.storage, content(length).subarray(row.offset));
        expect((await desk.object(row.key))?.equals(content(length))).toBe(true);
      });
    });
  }

  it('in another storage class is recognised after the answer that it is made was lost', async () => {
    const storage = desk.again({ object: { storageClass: 'NEARLINE' } });
    const row = new Row({ length: 9 * MIB });
    desk.proxy.faults = (kind, n) => (kind === 'rewrite' && n === 2 ? 'lost-answer' : undefined);
    await row.send(storage, content(9 * MIB));
    expect(desk.requests()).toMatchObject({ compose: 1, rewrite: 3 });
    expect((await desk.object(row.key))?.equals(content(9 * MIB))).toBe(true);
  });

  it('with other bytes than its parts have does not appear, takes none of them along, and is made again', async () => {
    const row = new Row({ length: 9 * MIB });
    await row.append(desk.storage, content(9 * MIB).subarray(0, -1));
    const { compose } = GcsApi.prototype;
    jest.spyOn(GcsApi.prototype, 'compose').mockImplementation(function (this: GcsApi, sources, ...how) {
      return compose.call(this, sources.toReversed(), ...how);
    });
    const sent = row.send(desk.storage, content(9 * MIB).subarray(-1));
    await expect(sent).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await desk.object(row.key)).toBeUndefined();

    jest.restoreAllMocks();
    row.offset = 9 * MIB;
    await desk.storage.complete(row.take().whole);
    expect((await desk.object(row.key))?.equals(content(9 * MIB))).toBe(true);
  });

  it('is not taken for lost where its parts have gone with it, the answer was lost, and nobody could look', async () => {
    const row = new Row({ length: 9 * MIB });
    desk.proxy.faults = (kind, n) => {
      if (kind === 'compose' && n === 1) return 'lost-answer';
      return kind === 'get' && n > 1 ? 'reset' : undefined;
    };
    await expect(row.send(desk.storage, content(9 * MIB))).rejects.toMatchObject({ kind: 'unavailable' });

    desk.proxy.faults = () => undefined;
    row.offset = 9 * MIB;
    await desk.storage.complete(row.take().whole);
    expect((await desk.object(row.key))?.equals(content(9 * MIB))).toBe(true);
    expect(await desk.left()).toEqual([row.key]);
  });

  it.each([400, 403])(
    'appears also where the store refuses to remove its parts with it: %d',
    async (status) => {
      const { compose } = GcsApi.prototype;
      const refused = new GcsError('conflict', 'Kept.', status, 'retentionPolicyNotMet');
      jest.spyOn(GcsApi.prototype, 'compose').mockImplementation(function (
        this: GcsApi,
        sources,
        at,
        consume,
      ) {
        return consume ? Promise.reject(refused) : compose.call(this, sources, at);
      });
      const row = new Row({ length: 9 * MIB });
      await row.send(desk.storage, content(9 * MIB));
      expect((await desk.object(row.key))?.equals(content(9 * MIB))).toBe(true);
      await desk.storage.discardWork(row.whole);
      expect(await desk.left()).toEqual([row.key]);
    },
  );

  it('that has another checksum than its bytes does not stay', async () => {
    const row = new Row({ length: 10 });
    const { insert } = GcsApi.prototype;
    jest.spyOn(GcsApi.prototype, 'insert').mockImplementationOnce(async function (this: GcsApi, body, at) {
      const made = await insert.call(this, body, at);
      return { ...made, crc32c: made.crc32c ^ 1 };
    });
    await expect(row.send(desk.storage, content(10))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await desk.object(row.key)).toBeUndefined();
    await row.send(desk.storage, content(10));
    expect(await desk.object(row.key)).toEqual(content(10));
  });

  it('is not removed where another object has taken its place', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    const other = new Row({ key: row.key, length: 10 });
    await other.send(desk.again({ overwrite: true }), content(10, 2));
    await desk.storage.remove(row.take().whole, true);
    expect(await desk.object(row.key)).toEqual(content(10, 2));

    // Without metadata it may be a copy that the application has made.
    await desk.put(row.key, content(10));
    await desk.storage.remove(row.take().whole, true);
    expect(await desk.left()).toEqual([]);
  });

  it('takes the object of an earlier upload with the same id for a foreign one', async () => {
    const earlier = new Row({ length: 10 });
    await earlier.send(desk.storage, content(10));
    const later = new Row({ id: earlier.id, length: 10, createdAt: 1_795_400_222_309 });
    await expect(later.send(desk.storage, content(10, 2))).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('replaces its own object if that has other bytes, which never counted', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10, 2));
    // As after a crash, when the client began again with another file.
    row.offset = 0;
    await row.send(desk.storage, content(10));
    expect(await desk.object(row.key)).toEqual(content(10));
  });

  it('has what the options say, also where the store has joined it, and appears in its storage class', async () => {
    const customTime = new Date('2026-11-23T00:00:00Z');
    const kmsKeyName = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
    const storage = desk.again({
      object: {
        contentType: ({ metadata }) => metadata.get('filetype'),
        cacheControl: 'no-store',
        metadata: { client: 'né 漢' },
        storageClass: ({ length }) => (length === 10 ? 'NEARLINE' : 'COLDLINE'),
        customTime,
        kmsKeyName,
      },
    });
    const metadata = `filetype ${Buffer.from('video/mp4').toString('base64')}`;
    const [small, large] = [10, 9 * MIB].map((length) => new Row({ length, metadata })) as [Row, Row];
    desk.requests();
    await small.send(storage, content(10));
    await large.send(storage, content(9 * MIB));

    const expected = { contentType: 'video/mp4', cacheControl: 'no-store' };
    expect(await desk.metadata(small.key)).toMatchObject({
      ...expected,
      storageClass: 'NEARLINE',
      customTime: expect.stringContaining('2026-11-23'),
      metadata: { client: 'né 漢' },
    });
    expect(await desk.metadata(large.key)).toMatchObject({ ...expected, metadata: { client: 'né 漢' } });
    const made = desk.proxy.requests.filter(({ kind }) => ['insert', 'compose', 'rewrite'].includes(kind));
    expect(made.filter(({ url }) => !decodeURIComponent(url).includes(`KeyName=${kmsKeyName}`))).toEqual([]);
    const named = desk.proxy.requests.filter(({ url }) => !url.includes('destinationKmsKeyName'));
    expect(named.length).toBe(desk.proxy.requests.length - 2);
    const rewritten = desk.proxy.requests.filter(({ kind }) => kind === 'rewrite');
    const conditions = rewritten.map(({ url }) =>
      Object.fromEntries(new URL(url, 'http://store').searchParams),
    );
    const generation = expect.stringMatching(/^[1-9]\d+$/);
    const source = { sourceGeneration: generation, ifSourceGenerationMatch: generation };
    const condition = { ...source, ifGenerationMatch: '0' };
    expect(conditions).toMatchObject([condition, condition]);
    expect(desk.requests()).toEqual({ insert: 3, get: 1, compose: 1, rewrite: 2 });

    await storage.discardWork(large.whole);
    expect(await desk.left()).toEqual([small.key, large.key].toSorted());
  });
});
