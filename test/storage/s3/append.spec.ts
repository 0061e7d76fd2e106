import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AbortMultipartUploadCommand, GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { StorageError } from '../../../src/index.js';
import { SpillFile } from '../../../src/storage/parts/spill-file.js';
import { PartMemory } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import { MARKER } from '../../../src/storage/s3/marker.js';
import { parseReference } from '../../../src/storage/s3/reference.js';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { KIB, MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  describe('the requests', () => {
    it('of 64 MiB in one PATCH are ten: Create, eight parts, Complete', async () => {
      const row = new Row({ length: 64 * MIB });
      const body = content(64 * MIB);
      await row.send(desk.storage, body);

      expect(desk.requests()).toEqual({
        CreateMultipartUpload: 1,
        UploadPart: 8,
        CompleteMultipartUpload: 1,
      });
      expect((await desk.object(row.key)).equals(body)).toBe(true);
    });

    it('of an upload that fits into a part are one, and nothing is on record for it', async () => {
      const row = new Row({ length: MIB });
      await row.send(desk.storage, content(MIB));

      expect(desk.requests()).toEqual({ PutObject: 1 });
      expect(row).toMatchObject({ statements: 0, reference: null, list: [] });
      expect((await desk.head(row.key)).Metadata?.[MARKER]).toContain(row.id);
    });

    it('of a PATCH of 1 MiB in the middle are two, for the tail, and one that removes the tail before', async () => {
      const row = new Row({ length: 3 * MIB });
      const body = content(3 * MIB);
      await row.append(desk.storage, body.subarray(0, MIB));
      expect(desk.requests()).toEqual({ PutObject: 1 });
      await row.append(desk.storage, body.subarray(MIB, 2 * MIB));
      expect(desk.requests()).toEqual({ GetObject: 1, PutObject: 1 });
      await row.send(desk.storage, body.subarray(2 * MIB));
      // The tail of the first PATCH goes with the last one.
      expect(desk.requests()).toEqual({ GetObject: 1, PutObject: 1, DeleteObject: 1 });

      await desk.storage.discardWork(row.whole);
      expect(desk.requests()).toEqual({ DeleteObject: 1 });
      expect((await desk.object(row.key)).equals(body)).toBe(true);
      expect(await desk.left()).toEqual([row.key]);
      expect(row.list).toEqual([]);
    });

    it('of an empty upload are one', async () => {
      const row = new Row({ length: 0 });
      await desk.storage.complete(row.whole);

      expect(desk.requests()).toEqual({ PutObject: 1 });
      expect(await desk.object(row.key)).toEqual(Buffer.alloc(0));
    });
  });

  it('gives back the whole object and ranges of it', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    await row.send(desk.storage, body);

    expect(await read(desk.storage, row.whole)).toEqual(body);
    expect(await read(desk.storage, row.whole, 10, 19)).toEqual(body.subarray(10, 20));
  });

  it('lets nobody see a partial under a key, and reads it all the same', async () => {
    const row = new Row({ kind: 'partial', length: 10 });
    await row.send(desk.storage, content(10));

    expect(await desk.left()).toEqual([`.tus/${row.id}`]);
    expect(await read(desk.storage, row.whole)).toEqual(content(10));
    await desk.storage.remove(row.whole, false);
    expect(await desk.left()).toEqual([]);
  });

  it('joins parts and tails of several requests', async () => {
    const row = new Row({ length: 21 * MIB });
    const body = content(21 * MIB);
    for (const [from, to] of [
      [0, 10],
      [10, 11],
      [11, 20],
    ] as const) {
      expect(await row.append(desk.storage, body.subarray(from * MIB, to * MIB))).toEqual({
        offset: to * MIB,
      });
    }
    await row.send(desk.storage, body.subarray(20 * MIB));

    expect((await desk.object(row.key)).equals(body)).toBe(true);
    await desk.storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('completes from the record alone: parts, and a tail that the store copies', async () => {
    const row = new Row();
    const body = content(10 * MIB);
    await row.append(desk.storage, body);
    desk.requests();

    const another = desk.again();
    await another.complete(row.take().whole);
    expect(desk.requests()).toEqual({ UploadPartCopy: 1, CompleteMultipartUpload: 1 });
    // As after a crash before the row said so.
    await another.complete(row.take().whole);
    expect((await desk.object(row.key)).equals(body)).toBe(true);
    await another.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('completes from the record alone where parts bring checksums: one store copies a tail, the other reads it', async () => {
    const options = { object: { checksumAlgorithm: 'SHA256' } } as const;
    const row = new Row();
    await row.append(desk.again(options), content(10 * MIB));
    await desk.again(options).complete(row.take().whole);
    expect((await desk.object(row.key)).equals(content(10 * MIB))).toBe(true);
  });

  it('completes from the record alone: a tail and nothing else', async () => {
    const row = new Row();
    await row.append(desk.storage, content(1000));
    await desk.again().complete(row.take().whole);

    expect(await desk.object(row.key)).toEqual(content(1000));
  });

  it('says that bytes are missing if a crash came before the last ones were stored, and goes on after', async () => {
    const row = new Row({ length: 20 * MIB });
    const body = content(20 * MIB);
    const { finish } = await row.append(desk.storage, body);
    finish?.discard();

    await expect(desk.again().complete(row.take().whole)).rejects.toMatchObject({ kind: 'missing' });
    expect(row.offset).toBe(16 * MIB);
    await row.send(desk.again(), body.subarray(16 * MIB));
    expect((await desk.object(row.key)).equals(body)).toBe(true);
  });

  it('sends parts from temporary files where memory is used up, again if need be', async () => {
    const storage = desk.again({ memory: new PartMemory({ limit: 0 }) });
    desk.proxy.faults = (kind, n) => (kind.startsWith('U') && n === 1 ? 'slow-down' : undefined);
    const row = new Row({ length: 18 * MIB });
    const body = content(18 * MIB);
    await row.append(storage, body.subarray(0, 9 * MIB));
    await row.send(storage, body.subarray(9 * MIB));
    const small = new Row({ length: 10 });
    await small.send(storage, content(10));

    expect((await desk.object(row.key)).equals(body)).toBe(true);
    expect(await desk.object(small.key)).toEqual(content(10));
  });

  describe.each(['WHEN_REQUIRED', 'WHEN_SUPPORTED'] as const)(
    'a part in a temporary file, where checksums are calculated %s,',
    (requestChecksumCalculation) => {
      const storageWith = (options: Partial<S3StorageOptions> = {}) =>
        desk.again({
          clientConfig: { requestChecksumCalculation },
          memory: new PartMemory({ limit: 0 }),
          ...options,
        });
      afterEach(() => void jest.restoreAllMocks());

      it('that cannot be read fails the append, and nothing else', async () => {
        const storage = storageWith();
        const stream = jest.spyOn(SpillFile.prototype, 'stream').mockImplementation(() => {
          async function* bytes() {
            yield content(KIB);
            throw new StorageError('unavailable', 'A temporary file has lost bytes.');
          }
          return Readable.from(bytes(), { objectMode: false });
        });
        const row = new Row({ length: 9 * MIB });
        const { failure } = await row.append(storage, content(9 * MIB));
        expect([row.offset, failure?.message]).toEqual([0, 'A temporary file has lost bytes.']);
        const small = new Row({ length: 2 * KIB });
        await expect(small.send(storage, content(2 * KIB))).rejects.toThrow(failure?.message);

        stream.mockRestore();
        await row.send(storage, content(9 * MIB));
        expect((await desk.object(row.key)).equals(content(9 * MIB))).toBe(true);
      });

      it('is signed where all bodies have to be', async () => {
        const row = new Row({ length: 35 * MIB });
        await row.send(storageWith({ signPayload: true }), content(35 * MIB));
        const sent = desk.proxy.requests.filter(({ kind }) => kind === 'UploadPart');
        const sums = sent.map(({ headers }) => headers['x-amz-content-sha256']);
        expect(sums).toEqual(Array.from({ length: 5 }, () => expect.stringMatching(/^[0-9a-f]{64}$/)));
        expect((await desk.object(row.key)).equals(content(35 * MIB))).toBe(true);
      });
    },
  );

  it.each(['WHEN_REQUIRED', 'WHEN_SUPPORTED'] as const)(
    'works where checksums are calculated %s, and bodies are left out of the signature',
    async (requestChecksumCalculation) => {
      const clientConfig = {
        requestChecksumCalculation,
        responseChecksumValidation: requestChecksumCalculation,
      };
      const storage = desk.again({ clientConfig, signPayload: false });
      const row = new Row({ length: 9 * MIB });
      await row.send(storage, content(9 * MIB));
      expect((await read(storage, row.whole)).equals(content(9 * MIB))).toBe(true);
    },
  );

  it('keeps a checksum of its own beside the object where one is asked for', async () => {
    const storage = desk.again({ object: { checksumAlgorithm: 'SHA256', contentType: 'text/x-y' } });
    const row = new Row({ length: 9 * MIB });
    await row.send(storage, content(9 * MIB));

    const head = await suite.client.send(
      new HeadObjectCommand({ ...desk.at(row.key), ChecksumMode: 'ENABLED' }),
    );
    expect(head.ContentType).toBe('text/x-y');
    expect(head.ChecksumSHA256).toMatch(/-2$/);
  });

  it.each([
    ['one request', 10],
    ['parts', 9 * MIB],
  ])('gives an object that is made of %s its tags', async (_, length) => {
    const storage = desk.again({ object: { tags: { 'a b': 'c+d = e', k: 'v/1' } } });
    const row = new Row({ length });
    await row.send(storage, content(length));
    const { TagSet = [] } = await suite.client.send(new GetObjectTaggingCommand(desk.at(row.key)));
    expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual({
      'a b': 'c+d = e',
      k: 'v/1',
    });
  });

  describe('a store that closes the connection instead of an answer to a part', () => {
    const cut = async (drop: boolean) => {
      const storage = desk.again({ clientConfig: { maxAttempts: 2 } });
      const row = new Row({ length: 30 * MIB });
      await row.append(storage, content(9 * MIB));
      const { multipart: UploadId } = parseReference(row.reference);
      if (drop) await suite.client.send(new AbortMultipartUploadCommand({ ...desk.at(row.key), UploadId }));
      desk.proxy.faults = (kind) => (kind === 'UploadPart' ? 'reset' : undefined);
      desk.requests();
      const { failure } = await row.append(storage, content(30 * MIB).subarray(9 * MIB, 18 * MIB));
      return failure;
    };

    it('is asked once whether the multipart upload is there: if not, the upload is gone', async () => {
      expect(await cut(true)).toMatchObject({ kind: 'missing', code: 'NoSuchUpload' });
      expect(desk.requests()).toMatchObject({ ListParts: 1 });
    });

    it('may have it again in a moment if it is', async () => {
      expect(await cut(false)).toMatchObject({ kind: 'unavailable' });
      expect(desk.requests()).toMatchObject({ ListParts: 1 });
    });
  });

  it('removes whatever an unfinished upload has', async () => {
    const row = new Row({ length: 30 * MIB });
    await row.append(desk.storage, content(18 * MIB));
    expect(await desk.left()).not.toEqual([]);

    await desk.storage.remove(row.upload, false);
    expect(await desk.left()).toEqual([]);
    expect(row.list).toEqual([]);
    await desk.storage.remove(row.upload, false);
  });
});
