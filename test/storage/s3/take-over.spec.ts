import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { S3Storage } from '../../../src/storage/s3/index.js';
import type { Finish } from '../../../src/storage/upload-storage.js';
import { content } from '../../support/content.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

eachLocalS3Service((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  /** A writer with all bytes at hand, which is silent until it is told to complete. */
  const atHand = async (storage: S3Storage, row: Row, bytes: Buffer): Promise<Finish> => {
    const { finish } = await row.append(storage, bytes, { length: bytes.length, fenced: true });
    if (!finish) throw new Error('Not all bytes have come.');
    return finish;
  };

  describe.each([
    ['single', {}],
    ['partial', {}],
    ['single', { overwrite: true }],
    ['partial', { overwrite: true }],
  ] as const)('a writer whose lease was taken over (%s, %j)', (kind, options) => {
    it('never replaces the object of its successor', async () => {
      const row = new Row({ kind, length: 100 });
      const silent = await atHand(desk.again(options), row, content(100));
      const successor = await atHand(desk.again(options), row, content(100, 2));
      row.keep(await successor.complete(), 100);
      await silent.complete();
      expect(await read(desk.storage, row.whole)).toEqual(content(100, 2));

      const final = new Row({ kind: 'final' });
      await desk.storage.concatenate(final.upload, [row.source()], final.context());
      final.offset = 100;
      await desk.storage.complete(final.whole);
      expect(await desk.object(final.key)).toEqual(content(100, 2));
    });

    it('has its object replaced by its successor', async () => {
      const row = new Row({ kind, length: 100 });
      const silent = await atHand(desk.again(options), row, content(100));
      const successor = await atHand(desk.again(options), row, content(100, 2));
      await silent.complete();
      await successor.complete();
      expect(await read(desk.storage, row.whole)).toEqual(content(100, 2));
    });
  });

  it('its object gives way to one of several parts', async () => {
    const bytes = content(9 * MIB, 2);
    const row = new Row({ length: 100 });
    const silent = await atHand(desk.storage, row, content(100));
    const successor = await atHand(desk.again(), row, bytes);
    await silent.complete();
    await successor.complete();
    expect((await desk.object(row.key)).equals(bytes)).toBe(true);
  });

  it('is not taken for its successor when that one died with all bytes on record', async () => {
    const row = new Row();
    const silent = await atHand(desk.storage, row, content(10));
    await row.append(desk.storage, content(10, 2));
    await silent.complete();
    await desk.storage.complete(row.take().whole);
    expect(await desk.object(row.key)).toEqual(content(10, 2));
  });

  it('gives way too where the store knows no conditions', async () => {
    const row = new Row({ length: 100 });
    const silent = await atHand(desk.storage, row, content(100));
    const successor = await atHand(desk.again({ conditionalWrites: false }), row, content(100, 2));
    await silent.complete();
    await successor.complete();
    expect(await desk.object(row.key)).toEqual(content(100, 2));
  });
});
