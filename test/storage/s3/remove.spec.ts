import {
  CreateMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatReference, parseReference } from '../../../src/storage/s3/reference.js';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  it('removes a published object, as often as asked', async () => {
    const row = new Row({ length: 9 * MIB });
    await row.send(desk.storage, content(9 * MIB));
    await desk.storage.discardWork(row.whole);
    await desk.storage.remove(row.whole, true);
    await desk.storage.remove(row.whole, true);

    expect(await desk.left()).toEqual([]);
  });

  it.each(['single', 'partial'] as const)(
    'asks no record for parts of a %s upload that was one request',
    async (kind) => {
      const row = new Row({ kind, length: 10 });
      await row.send(desk.storage, content(10));
      await desk.storage.discardWork(row.whole);
      await desk.storage.remove(row.whole, true);
      expect(row.reads).toBe(0);
      expect(await desk.left()).toEqual([]);

      // Without a length the same bytes are a tail, whether or not somebody completes them.
      const [open, complete] = [new Row({ kind }), new Row({ kind })];
      await open.append(desk.storage, content(10));
      await desk.storage.remove(open.upload, false);
      await complete.append(desk.storage, content(10));
      await desk.storage.complete(complete.take().whole);
      await desk.storage.discardWork(complete.whole);
      await desk.storage.remove(complete.whole, true);
      expect(await desk.left()).toEqual([]);
    },
  );

  it('leaves an object that has taken the place of a published one', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    const other = new Row({ key: row.key, length: 10 });
    await other.send(desk.again({ overwrite: true }), content(10, 2));
    await desk.storage.remove(row.whole, true);
    expect(await desk.object(row.key)).toEqual(content(10, 2));

    await suite.client.send(new PutObjectCommand({ ...desk.at(row.key), Body: 'of the application' }));
    await desk.storage.remove(row.whole, true);
    expect(await desk.object(row.key)).toEqual(Buffer.from('of the application'));
  });

  it('removes a published object that the application has copied without its metadata', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    await suite.client.send(new PutObjectCommand({ ...desk.at(row.key), Body: content(10) }));
    await desk.storage.remove(row.whole, true);
    expect(await desk.left()).toEqual([]);
  });

  it('removes what it can prove to be its own, though no row says that it was published', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    await desk.storage.remove({ ...row.upload, offset: 0 }, false);

    expect(await desk.left()).toEqual([]);
  });

  it('finds a multipart upload whose id never came on record, and asks for it only then', async () => {
    const row = new Row({ length: 20 * MIB });
    row.reference = formatReference({ doubtful: Date.now() });
    await suite.client.send(new CreateMultipartUploadCommand(desk.at(row.key)));
    await row.append(desk.storage, content(9 * MIB));
    expect(parseReference(row.reference)).toHaveProperty('doubtful');
    expect(desk.requests()).not.toHaveProperty('ListMultipartUploads');

    await row.send(desk.storage, content(20 * MIB).subarray(row.offset));
    await desk.storage.discardWork(row.whole);
    expect(desk.requests()).toHaveProperty('ListMultipartUploads', 1);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('takes a multipart upload that was begun long before for one of another program', async () => {
    const row = new Row({ length: 10 });
    row.reference = formatReference({ doubtful: Date.now() + 60 * 60 * 1000 });
    await suite.client.send(new CreateMultipartUploadCommand(desk.at(row.key)));
    await desk.storage.remove(row.upload, false);

    expect(await desk.left()).toEqual([`${row.key} (open)`]);
  });

  it('removes a multipart upload that was begun twice, because an answer was lost', async () => {
    const row = new Row({ length: 20 * MIB });
    desk.proxy.faults = (kind, n) =>
      kind === 'CreateMultipartUpload' && n === 1 ? 'lost-answer' : undefined;
    await row.append(desk.storage, content(9 * MIB));
    expect((await desk.left()).filter((name) => name.endsWith('(open)'))).toHaveLength(2);
    await desk.storage.remove(row.upload, false);

    expect(await desk.left()).toEqual([]);
  });

  describe('in a bucket with versions', () => {
    beforeEach(async () => {
      await suite.client.send(
        new PutBucketVersioningCommand({
          Bucket: suite.bucket.name,
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      );
    });

    it('no version, no delete marker and no tail stays behind', async () => {
      const row = new Row({ length: 3 * MIB });
      const body = content(3 * MIB);
      await row.append(desk.storage, body.subarray(0, MIB));
      // One that is sent again is a version more.
      desk.proxy.faults = (kind, n) => (kind === 'PutObject' && n === 2 ? 'lost-answer' : undefined);
      await row.append(desk.storage, body.subarray(MIB, 2 * MIB));
      await row.send(desk.storage, body.subarray(2 * MIB));
      await desk.storage.discardWork(row.whole);
      expect(await desk.left()).toEqual([row.key]);

      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toEqual([]);
    });

    it('no version stays of an object that was put twice, where the store knows no conditions', async () => {
      const row = new Row({ length: 10 });
      desk.proxy.faults = (kind, n) => (kind === 'PutObject' && n === 1 ? 'lost-answer' : undefined);
      await row.send(desk.again({ conditionalWrites: false }), content(10));
      expect(await desk.left()).toEqual([row.key, row.key]);

      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toEqual([]);
    });

    it('what a writer has made that lost its lease does not come to light', async () => {
      const row = new Row({ length: 100 });
      const silent = await row.append(desk.storage, content(100), { fenced: true });
      const successor = await row.append(desk.again(), content(100, 2), { fenced: true });
      await silent.finish?.complete();
      row.keep(await successor.finish?.complete(), 100);
      expect(await desk.left()).toEqual([row.key, row.key]);

      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toEqual([]);
    });

    it('versions that others have made stay', async () => {
      const row = new Row({ length: 10 });
      const storage = desk.again({ overwrite: true });
      await new Row({ key: row.key, length: 20 }).send(storage, content(20));
      await row.send(storage, content(10));
      await storage.remove(row.whole, true);

      expect(await desk.left()).toEqual([row.key]);
      expect(await desk.object(row.key)).toHaveLength(20);
    });
  });

  describe('in a bucket with Object Lock', () => {
    it('what is held stays, and the clean-up ends', async () => {
      const Bucket = `${suite.bucket.name.slice(0, 50)}-lock`;
      const { client } = suite;
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      const storage = desk.again({ bucket: Bucket });
      const row = new Row({ length: 10 });
      await row.send(storage, content(10));
      const object = { Bucket, Key: desk.at(row.key).Key };
      await client.send(new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status: 'ON' } }));
      await storage.remove(row.whole, true);

      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      expect(Versions.map(({ Key }) => Key)).toEqual([object.Key]);
      await client.send(new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status: 'OFF' } }));
      await client.send(new DeleteObjectCommand({ ...object, VersionId: Versions[0]?.VersionId }));
    });

    it('the bytes of an unfinished upload that are retained do not come to light again', async () => {
      const Bucket = `${suite.bucket.name.slice(0, 50)}-retained`;
      const { client } = suite;
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      const storage = desk.again({ bucket: Bucket });
      const row = new Row({ kind: 'partial', length: 10 });
      await row.send(storage, content(10));
      const object = { Bucket, Key: desk.at(`.tus/${row.id}`).Key };
      const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 3_600_000) } as const;
      await client.send(new PutObjectRetentionCommand({ ...object, Retention }));
      await storage.remove(row.whole, false);

      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      expect(Versions.map(({ Key }) => Key)).toEqual([object.Key]);
      await expect(client.send(new GetObjectCommand(object))).rejects.toMatchObject({ name: 'NoSuchKey' });
    });
  });
});
