import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AzureStorage } from '../../../src/storage/azure/index.js';
import type { Finish } from '../../../src/storage/upload-storage.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { KIB, Row } from '../row.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite, { partSize: 256 * KIB });
  });
  afterEach(() => desk.close());

  /** All bytes but what is stored already are those of the seed. */
  const bytesOf = (row: Row, length: number, seed: number) =>
    Buffer.concat([content(row.offset), content(length - row.offset, seed)]);

  /** A writer with all bytes at hand, which is silent until it is told to complete. */
  const atHand = async (storage: AzureStorage, row: Row, bytes: Buffer): Promise<Finish> => {
    const { finish } = await row.append(storage, bytes.subarray(row.offset), { length: bytes.length });
    if (!finish) throw new Error('Not all bytes have come.');
    return finish;
  };

  const stored = (row: Row) => desk.object(row.upload.key ?? `.tus/${row.id}`);

  describe.each([
    ['one request', 10],
    ['blocks', 600 * KIB],
  ])('a writer whose lease was taken over, with a blob of %s,', (_, length) => {
    it.each([
      ['of an upload', 'single', false],
      ['of an upload that may replace others', 'single', true],
      ['of a partial', 'partial', false],
    ] as const)('never replaces that of its successor (%s)', async (_name, kind, overwrite) => {
      const storage = desk.again({ partSize: 256 * KIB, overwrite });
      const row = new Row({ kind, length });
      const silent = await atHand(storage, row, content(length));
      const bytes = bytesOf(row, length, 2);
      await row.send(storage, bytes.subarray(row.offset));
      await silent.complete();
      expect((await stored(row)).equals(bytes)).toBe(true);
    });

    it.each(['single', 'partial'] as const)('has its blob replaced by its successor (%s)', async (kind) => {
      const row = new Row({ kind, length });
      const silent = await atHand(desk.storage, row, content(length));
      const bytes = bytesOf(row, length, 2);
      const successor = await atHand(desk.storage, row, bytes);
      await silent.complete();
      await successor.complete();
      expect((await stored(row)).equals(bytes)).toBe(true);
    });
  });

  it('is not taken for its successor when that one died with all bytes on record', async () => {
    const row = new Row();
    const silent = await atHand(desk.storage, row, content(10));
    await row.append(desk.storage, content(10, 2));
    await silent.complete();
    await desk.storage.complete(row.take().whole);
    expect(await stored(row)).toEqual(content(10, 2));
  });

  describe('a commit that comes when its writer has lost its lease, and drops the blocks of the successor,', () => {
    const length = 900 * KIB;
    const dropping = async (seed: number) => {
      const row = new Row({ length });
      await row.append(desk.storage, content(256 * KIB));
      const silent = await atHand(desk.storage, row, bytesOf(row, length, 1));
      const bytes = bytesOf(row, length, seed);
      await row.append(desk.storage, bytes.subarray(row.offset, 512 * KIB));
      const successor = await atHand(desk.storage, row, bytes);
      await silent.complete();
      return { row, bytes, successor };
    };

    it('costs a client that sends the same bytes nothing: they are copied back, and their CRC64 compared', async () => {
      const { row, bytes, successor } = await dropping(1);
      desk.proxy.forget();
      await successor.complete();
      expect((await stored(row)).equals(bytes)).toBe(true);
      expect(desk.requests()).toMatchObject({ 'Put Block From URL': 2, 'Put Block': 2 });
    });

    it('spoils nothing where all was on record already', async () => {
      const { row, bytes } = await dropping(1);
      await row.append(desk.storage, bytes.subarray(row.offset, 800 * KIB));
      // Without its length it does not end here.
      await row.append(desk.storage, bytes.subarray(row.offset), { length: 2 * length });
      await desk.storage.complete(row.take().whole);
      expect((await stored(row)).equals(bytes)).toBe(true);
    });

    it('fails the upload of a client that sends others, and gives it no byte of the first ones', async () => {
      const { row, successor } = await dropping(2);
      await expect(successor.complete()).rejects.toMatchObject({ kind: 'missing' });
      await desk.storage.remove(row.upload, false);
      expect((await desk.left()).filter((name) => name === row.key)).toEqual([]);
    });
  });

  it('has done the work of its successor where it has merged a final: all copy the same bytes', async () => {
    const partial = new Row({ kind: 'partial', length: 300 * KIB });
    await partial.send(desk.storage, content(300 * KIB));
    const final = new Row({ kind: 'final', length: 300 * KIB });
    const merge = () => desk.storage.concatenate(final.upload, [partial.source()], final.context());
    await merge();
    const silent = final.whole;
    // It copies all of them again, and loses what it has copied.
    await final.take().upload.parts.forget();
    await merge();
    await desk.storage.complete(silent);
    await desk.storage.complete(final.whole);
    expect((await stored(final)).equals(content(300 * KIB))).toBe(true);
  });
});
