import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { StorageClass } from '@aws-sdk/client-s3';
import type { StorageError } from '../../../src/index.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import type { Fault } from '../../support/s3-proxy/fault.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite, { requestTimeout: 300 });
  });
  afterEach(() => desk.close());

  const occupy = (key: string) =>
    suite.client.send(new PutObjectCommand({ ...desk.at(key), Body: 'foreign' }));

  for (const [name, length] of [
    ['one request', 10_000],
    ['parts', 9 * MIB],
  ] as const) {
    describe(`an object that is made of ${name}`, () => {
      it('never replaces another one: the upload fails as a conflict, and the other one stays', async () => {
        const row = new Row({ length });
        await occupy(row.key);
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'conflict' });

        await desk.storage.remove(row.upload, false);
        expect(await desk.object(row.key)).toEqual(Buffer.from('foreign'));
        expect(await desk.left()).toEqual([row.key]);
      });

      it('is looked for first where the store has no conditions', async () => {
        const row = new Row({ length });
        await occupy(row.key);
        const storage = desk.again({ conditionalWrites: false });
        await expect(row.send(storage, content(length))).rejects.toMatchObject({ kind: 'conflict' });
      });

      it('replaces another one where the application allows it', async () => {
        const row = new Row({ length });
        await occupy(row.key);
        await row.send(desk.again({ overwrite: true }), content(length));
        // And nothing that has appeared since it was looked at.
        expect(desk.proxy.requests.at(-1)?.headers).toHaveProperty('if-match');
        expect((await desk.object(row.key)).equals(content(length))).toBe(true);
      });

      const kind: S3Kind = length > 8 * MIB ? 'CompleteMultipartUpload' : 'PutObject';
      for (const fault of ['lost-answer', 'truncated-answer', 'hang-after'] satisfies Fault[]) {
        it(`is recognised after every answer to ${kind} has met the fault "${fault}"`, async () => {
          const row = new Row({ length });
          desk.proxy.faults = (asked) => (asked === kind ? fault : undefined);
          await row.send(desk.storage, content(length));

          desk.proxy.faults = () => undefined;
          await desk.proxy.idle();
          await desk.storage.discardWork(row.whole);
          expect((await desk.object(row.key)).equals(content(length))).toBe(true);
          expect(await desk.left()).toEqual([row.key]);
        });
      }

      it('is not given up while nobody can look whether it is there', async () => {
        const row = new Row({ length });
        desk.proxy.faults = (asked, n) =>
          asked === 'HeadObject' || (asked === kind && n === 1) ? 'lost-answer' : undefined;
        // Some stores answer a second Complete with success, which is right as well.
        const outcome = (work: Promise<unknown>) =>
          work.then(
            () => 'stored',
            (error: StorageError) => error.kind,
          );
        expect(await outcome(row.send(desk.storage, content(length)))).toMatch(/^(unavailable|stored)$/);
        expect(await outcome(desk.storage.complete({ ...row.upload, offset: length }))).toMatch(
          /^(unavailable|stored)$/,
        );

        desk.proxy.faults = () => undefined;
        await desk.storage.complete({ ...row.upload, offset: length });
        expect((await desk.object(row.key)).equals(content(length))).toBe(true);
      });

      it('is not there if the store was never reached, and the bytes can be sent again', async () => {
        const row = new Row({ length });
        desk.proxy.faults = (asked) => (asked === kind ? 'reset' : undefined);
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'unavailable' });

        desk.proxy.faults = () => undefined;
        // As the service does with a row that says `finishing`.
        const settled = await desk.storage.complete({ ...row.upload, offset: length }).then(
          () => true,
          () => false,
        );
        if (!settled) await row.send(desk.storage, content(length).subarray(row.offset));
        expect((await desk.object(row.key)).equals(content(length))).toBe(true);
      });
    });
  }

  it('has the number of a last part on record that was refused, though the database fails, too, at first', async () => {
    const row = new Row({ length: 9 * MIB });
    const { finish } = await row.append(desk.storage, content(9 * MIB));
    desk.proxy.faults = (kind) => (kind === 'CompleteMultipartUpload' ? 'slow-down' : undefined);
    row.failures = 2;
    await expect(finish?.complete()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(row.list.map(({ number, tag }) => [number, tag !== null])).toEqual([
      [1, true],
      [2, true],
    ]);
  });

  for (const kind of ['partial', 'single'] as const) {
    it(`a ${kind} upload that was made and not put on record takes its last bytes again`, async () => {
      const length = 25 * MIB;
      const bytes = content(length);
      const row = new Row({ kind, length });
      const { finish } = await row.append(desk.storage, bytes);
      await finish?.complete();

      // What the last beat before the crash has recorded.
      row.offset = 8 * MIB;
      const successor = desk.again();
      const again = await row.append(successor, bytes.subarray(8 * MIB, 18 * MIB), { fenced: true });
      expect(again.failure).toBeUndefined();
      expect(row.offset).toBe(18 * MIB);
      await row.send(successor, bytes.subarray(row.offset));
      expect((await read(desk.storage, row.whole)).equals(bytes)).toBe(true);

      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toEqual([]);
    });
  }

  it('takes the object of an earlier upload with the same id for a foreign one', async () => {
    const earlier = new Row({ length: 10 });
    await earlier.send(desk.storage, content(10));
    const later = new Row({ id: earlier.id, length: 10, createdAt: 1_795_400_222_309 });
    await expect(later.send(desk.storage, content(10, 2))).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('is refused where the store has no such storage class', async () => {
    const storage = desk.again({ object: { storageClass: 'COLD' as StorageClass } });
    const row = new Row({ length: 10 });
    const outcome = await row.send(storage, content(10)).then(
      () => 'stored',
      (error: StorageError) => error.kind,
    );
    // Not every store looks at it.
    expect(outcome).toMatch(/^(refused|stored)$/);
  });

  it('tells a full store from one that is away', async () => {
    const row = new Row({ length: 10 });
    desk.proxy.faults = () => 'slow-down';
    const { failure } = await row.append(desk.storage, content(5));
    expect(failure).toMatchObject({ kind: 'unavailable' });
    expect(row.offset).toBe(0);
  });
});
