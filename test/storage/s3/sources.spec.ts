import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PartMemory } from '../../../src/storage/s3/index.js';
import { missingParts } from '../../../src/storage/s3/concat-parts.js';
import { parseReference } from '../../../src/storage/s3/reference.js';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

/** Knows how much of it was in use at the same time. */
class WatchedMemory extends PartMemory {
  most = 0;

  override take(bytes: number): Buffer | undefined {
    const region = super.take(bytes);
    this.most = Math.max(this.most, this.used);
    return region;
  }
}

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  const put = (name: string, Body: Buffer) =>
    suite.client.send(new PutObjectCommand({ ...desk.at(name), Body }));

  describe.each([
    ['is streamed', 100],
    ['is copied', 12 * MIB],
  ])('a source with a key, of which a range %s,', (_, length) => {
    it('gives no byte of a foreign object that has its key by now', async () => {
      const source = new Row({ kind: 'final', length });
      await source.send(desk.storage, content(length));
      await put(source.key, Buffer.alloc(length + 400, 'F'));
      const final = new Row({ kind: 'final' });
      const ranges = [source.source(0, length / 2)];
      const merging = desk.storage.concatenate(final.upload, ranges, final.context());
      await expect(merging).rejects.toMatchObject({ kind: 'missing' });
      await desk.storage.remove(final.upload, false);
      expect(await desk.left()).toEqual([source.key]);
    });

    it('is looked at once, however often it is taken', async () => {
      const source = new Row({ kind: 'final', length });
      await source.send(desk.storage, content(length));
      const final = new Row({ kind: 'final' });
      const half = length / 2;
      const ranges = [source.source(half, half), source.source(0, half)];
      desk.requests();
      await desk.storage.concatenate(final.upload, ranges, final.context());
      expect(desk.requests()).toMatchObject({ HeadObject: 1 });
      final.offset = length;
      await desk.storage.complete(final.whole);

      const bytes = content(length);
      const expected = Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]);
      expect((await desk.object(final.key)).equals(expected)).toBe(true);
    });
  });

  it('streams no byte of another object than the one that a partial was completed as', async () => {
    const partial = new Row({ kind: 'partial', length: 100 });
    await partial.send(desk.storage, content(100));
    await put(`.tus/${partial.id}`, content(100, 7));
    const final = new Row({ kind: 'final' });
    const twice = [partial.source(), partial.source()];
    const merging = desk.storage.concatenate(final.upload, twice, final.context());
    await expect(merging).rejects.toMatchObject({ kind: 'missing' });
  });

  it('streams two parts at once, also of those that the store was to copy and cannot', async () => {
    const memory = new WatchedMemory({ limit: 512 * MIB });
    const storage = desk.again({ memory, object: { checksumAlgorithm: 'SHA256' } });
    const length = 6 * MIB;
    const sources: Row[] = [];
    for (let seed = 0; seed < 5; seed++) {
      const row = new Row({ kind: 'partial', length });
      await row.send(desk.storage, content(length, seed));
      sources.push(row);
    }
    const final = new Row({ kind: 'final' });
    const all = sources.map((row) => row.source());
    await storage.concatenate(final.upload, all, final.context());
    expect(memory.most).toBeLessThanOrEqual(2 * length);
    expect(final.list).toHaveLength(5);
  });

  it('withdraws one part alone where the store has not what is on record of a final', async () => {
    const partial = new Row({ kind: 'partial', length: 12 * MIB });
    await partial.send(desk.storage, content(12 * MIB));
    const final = new Row({ kind: 'final' });
    const ranges = [partial.source(), partial.source()];
    await desk.storage.concatenate(final.upload, ranges, final.context());
    const { multipart: UploadId } = parseReference(final.reference);
    const other = { ...desk.at(final.key), UploadId, PartNumber: 2, Body: content(12 * MIB, 9) };
    await suite.client.send(new UploadPartCommand(other));
    final.offset = 24 * MIB;
    await expect(desk.storage.complete(final.whole)).rejects.toMatchObject({ kind: 'missing' });
    expect(final.list.filter(({ tag }) => tag === null)).toHaveLength(1);

    await desk.storage.concatenate(final.take().upload, ranges, final.context());
    await desk.storage.complete(final.whole);
    expect((await desk.object(final.key)).equals(Buffer.concat([content(12 * MIB), content(12 * MIB)]))).toBe(
      true,
    );
  });
});

it('a part of a final that has lost its tag takes all others with it', () => {
  const planned = { copy: { source: 0, start: 0, length: 5 }, whole: true };
  const parts = [1, 2].map((number) => ({ number, start: (number - 1) * 5, length: 5, planned }));
  const [first, second] = parts.map(({ number, start, length }) => {
    return { number, start, length, epoch: 1, tail: false, tag: 'tag' };
  });
  if (!first || !second) throw new Error('There are two parts.');
  expect(missingParts(parts, [first])).toEqual([parts[1]]);
  expect(missingParts(parts, [first, { ...second, tag: null }])).toBeUndefined();
});
