import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { truncate } from 'node:fs/promises';
import { once } from 'node:events';
import { batches, Bench, partial, Row, text } from './support.js';

describe('reading a local upload', () => {
  let bench: Bench;
  let row: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    row = new Row({ id: 'up' });
    await row.append(bench.storage, 'abcdef');
    await bench.storage.complete(row.whole().upload);
    await bench.storage.discardWork(row.upload);
  });
  afterEach(() => bench.close());

  test.each([
    [undefined, 'abcdef'],
    [{ start: 0, end: 0 }, 'a'],
    [{ start: 2, end: 4 }, 'cde'],
    [{ start: 5, end: 5 }, 'f'],
    [{ start: 4, end: 99 }, 'ef'],
    [{ start: 6, end: 99 }, ''],
  ])('gives the bytes of the range %p, both ends included', async (range, bytes) => {
    expect(await text(bench.storage.read(row.upload, range))).toBe(bytes);
  });

  test('an object that is gone is missing before a stream is handed out', async () => {
    await bench.storage.remove(row.upload, true);
    await expect(bench.storage.read(row.upload)).rejects.toMatchObject({ kind: 'missing' });
  });

  test('an object that has lost bytes is missing before a stream is handed out', async () => {
    await truncate(bench.storage.pathOf('up'), 3);
    await expect(bench.storage.read(row.upload)).rejects.toMatchObject({ kind: 'missing' });
    expect(await text(bench.storage.read(row.upload, { start: 0, end: 2 }))).toBe('abc');
  });

  test('an object that is cut off while it is read ends the stream with an error', async () => {
    const part = await partial(bench.storage, 'large', 'x'.repeat(200_000));
    const stream = await bench.storage.read(part);
    await truncate(bench.workPath('large'), 0);
    await expect(text(Promise.resolve(stream))).rejects.toMatchObject({ kind: 'missing' });
  });

  test('a reader who leaves before the first byte leaves no file open', async () => {
    const stream = await bench.storage.read(row.upload);
    stream.destroy();
    await once(stream, 'close');
    expect(await bench.openFiles()).toEqual([]);
  });

  test('unfinished bytes can be read before any row counts them, from the file that holds them', async () => {
    const unfinished = new Row({ id: 'unfinished' });
    await unfinished.append(bench.storage, 'abc');
    const second = unfinished.taken();
    await bench.storage.append(second.upload, batches('de', 'f'), second.context(true));
    expect(second.upload).toMatchObject({ offset: 3, reference: '[[0,0],[2,3]]' });
    const read = (start: number, end: number) =>
      text(bench.storage.readUnfinished(second.upload, { start, end }));
    expect(await read(3, 5)).toBe('def');
    expect(await read(1, 4)).toBe('bcde');
    expect(await read(3, 2)).toBe('');
    await expect(read(3, 6)).rejects.toMatchObject({ kind: 'missing' });
  });
});
