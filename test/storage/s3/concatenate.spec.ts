import assert from 'node:assert/strict';
import {
  AbortMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseReference } from '../../../src/storage/s3/reference.js';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { MIB, Row } from '../row.js';
import { merge, mergeCases, partials, whole } from '../object-store-cases.js';
import { Desk } from './support.js';

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  mergeCases(() => desk);

  it('copies partials of 5 MiB and more inside the store: k + 2 requests, and no byte comes back', async () => {
    const lengths = [9 * MIB, 5 * MIB, 6 * MIB + 1, 20];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.requests();
    await merge(desk.storage, final, sources);

    expect(desk.proxy.bytes('GetObject').answered).toBe(0);
    expect(desk.requests()).toEqual({
      CreateMultipartUpload: 1,
      UploadPartCopy: 4,
      CompleteMultipartUpload: 1,
    });
    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
  });

  it('streams only pieces below 5 MiB, and leaves nothing behind but the object', async () => {
    const lengths = [1, 0, 2 * MIB, 12 * MIB, 3, 5 * MIB - 1];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.proxy.forget();
    await merge(desk.storage, final, sources);

    expect(desk.proxy.bytes('GetObject').answered).toBeLessThan(12 * MIB);
    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    for (const row of sources) await desk.storage.remove(row.whole, false);
    await desk.storage.discardWork(final.whole);
    expect(await desk.left()).toEqual([final.key]);
    expect(final.list).toEqual([]);
  });

  it('copies no other object than the one that a partial was completed as', async () => {
    const [partial] = await partials(desk.storage, [6 * MIB]);
    assert(partial);
    const other = { ...desk.at(`.tus/${partial.id}`), Body: content(6 * MIB, 7) };
    await suite.client.send(new PutObjectCommand(other));
    const final = new Row({ kind: 'final' });
    await expect(merge(desk.storage, final, [partial])).rejects.toMatchObject({ kind: 'missing' });
    await desk.storage.remove(final.whole, false);
    await desk.storage.remove(partial.whole, false);
    expect(await desk.left()).toEqual([]);
  });

  it('reads ranges of an object of 5 MiB or less, which cannot be copied', async () => {
    const [source = new Row()] = await partials(desk.storage, [5 * MIB]);
    const final = new Row({ kind: 'final' });
    desk.requests();
    const ranges = [source.source(1, 10)];
    await desk.storage.concatenate(final.upload, ranges, final.context());
    expect(desk.requests()).toEqual({ CreateMultipartUpload: 1, GetObject: 1, UploadPart: 1 });
    final.offset = 10;
    await desk.storage.complete(final.whole);

    expect(await desk.object(final.key)).toEqual(content(5 * MIB, 0).subarray(1, 11));
  });

  it('goes on where a merge was cut: parts on record are not copied again', async () => {
    const lengths = [6 * MIB, 7 * MIB, 8 * MIB];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    // The store refuses the second copy, and what the SDK sends in its place.
    desk.proxy.forget();
    desk.proxy.faults = (kind, n) => (kind === 'UploadPartCopy' && n >= 3 ? 'slow-down' : undefined);
    const once = desk.again({ clientConfig: { maxAttempts: 1 } });
    await expect(merge(once, final, sources)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(final.list).toHaveLength(2);

    desk.proxy.faults = () => undefined;
    desk.requests();
    await merge(desk.again(), final.take(), sources);
    expect(desk.requests()).toEqual({ UploadPartCopy: 1, CompleteMultipartUpload: 1 });
    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
  });

  it('starts again if the store has aborted the multipart upload', async () => {
    const lengths = [6 * MIB, 7 * MIB];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    const [first] = sources;
    await desk.storage.concatenate(final.upload, first ? [first.source()] : [], final.context());
    const { multipart } = parseReference(final.reference);
    await suite.client.send(new AbortMultipartUploadCommand({ ...desk.at(final.key), UploadId: multipart }));
    await merge(desk.storage, final.take(), sources);

    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    expect(await desk.left()).not.toContain(`${final.key} (open)`);
  });

  it('merges again, elsewhere, if a dead process has made a part once more, which now has another ETag', async () => {
    const lengths = [6 * MIB, 7 * MIB];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    const all = sources.map((row) => row.source());
    await desk.storage.concatenate(final.upload, all, final.context());
    const { multipart } = parseReference(final.reference);
    // With SSE-KMS equal bytes have different ETags; without it other bytes have to do.
    const late = { ...desk.at(final.key), UploadId: multipart, PartNumber: 1, Body: content(6 * MIB, 9) };
    await suite.client.send(new UploadPartCommand(late));
    final.offset = 13 * MIB;
    for (let crash = 0; crash < 2; crash++) {
      await expect(desk.storage.complete(final.take().whole)).rejects.toMatchObject({ kind: 'missing' });
    }

    desk.requests();
    await merge(desk.storage, final.take(), sources);
    expect(desk.requests()).toMatchObject({ CreateMultipartUpload: 1, UploadPartCopy: 2 });
    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    await desk.storage.discardWork(final.whole);
    expect((await desk.left()).filter((name) => !name.startsWith('.tus/'))).toEqual([final.key]);
  });

  it.each(['SHA256', 'CRC32'] as const)(
    'makes an object that has %s beside it, of parts that were copied, streamed and sent',
    async (checksumAlgorithm) => {
      const storage = desk.again({ object: { checksumAlgorithm } });
      const lengths = [6 * MIB, 1, 7 * MIB, 2];
      const sources = await partials(storage, lengths);
      const final = new Row({ kind: 'final' });
      await merge(storage, final, sources);
      expect(final.list.every(({ tag }) => tag?.includes(` Checksum${checksumAlgorithm} `))).toBe(true);
      const head = await suite.client.send(
        new HeadObjectCommand({ ...desk.at(final.key), ChecksumMode: 'ENABLED' }),
      );
      expect(head[`Checksum${checksumAlgorithm}`]).toMatch(/=-3$/);
      expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    },
  );

  describe('with equal parts', () => {
    it('streams the parts at the joints, and copies the others', async () => {
      const equal = desk.again({ equalParts: true, partSize: 5 * MIB });
      const lengths = [12 * MIB, 11 * MIB];
      const sources = await partials(equal, lengths);
      const final = new Row({ kind: 'final' });
      desk.requests();
      await merge(equal, final, sources);

      expect(final.list.map(({ length }) => length / MIB)).toEqual([5, 5, 5, 5, 3]);
      expect(desk.requests()).toEqual({
        CreateMultipartUpload: 1,
        UploadPartCopy: 4,
        GetObject: 2,
        UploadPart: 1,
        CompleteMultipartUpload: 1,
      });
      expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    });
  });
});
