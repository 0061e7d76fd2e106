import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { GcsApi } from '../../../src/storage/gcs/gcs.api.js';
import type { GcsStorage } from '../../../src/storage/gcs/index.js';
import { content } from '../../support/content.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

/** Partials of these lengths, complete. */
async function partials(storage: GcsStorage, lengths: readonly number[]): Promise<Row[]> {
  const rows = lengths.map((length) => new Row({ kind: 'partial', length }));
  const rest = rows.entries();
  const worker = async () => {
    for (const [index, row] of rest) {
      const length = lengths[index] ?? 0;
      if (length === 0) row.keep(await storage.complete(row.whole), 0);
      else await row.send(storage, content(length, index));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return rows;
}

function whole(lengths: readonly number[]): Buffer {
  return Buffer.concat(lengths.map((length, index) => content(length, index)));
}

async function merge(storage: GcsStorage, final: Row, sources: readonly Row[]): Promise<void> {
  await storage.concatenate(
    final.take().upload,
    sources.map((row) => row.source()),
    final.context(),
  );
  final.offset = sources.reduce((sum, { offset }) => sum + offset, 0);
  await storage.complete(final.whole);
}

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await desk.close();
  });

  it('composes partials of any size inside the store: three requests, and no byte passes the server', async () => {
    const lengths = [9 * MIB, 0, 5, 6 * MIB + 1];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.requests();
    await merge(desk.storage, final, sources);

    expect(desk.proxy.bytes('insert').received + desk.proxy.bytes('get media').answered).toBe(0);
    expect(desk.requests()).toEqual({ compose: 2, get: 1 });
    expect((await desk.object(final.key))?.equals(whole(lengths))).toBe(true);

    for (const row of sources) await desk.storage.remove(row.take().whole, false);
    await desk.storage.discardWork(final.whole);
    expect(await desk.left()).toEqual([final.key]);
    expect(final.list).toEqual([]);
  });

  it('composes 1,000 partials in a tree of 32 a request', async () => {
    const lengths = Array.from({ length: 1000 }, (_, index) => (index % 7) + 1);
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.requests();
    await merge(desk.storage, final, sources);

    // 32 groups, one object of them, and that under the key.
    expect(desk.requests()).toEqual({ compose: 34, get: 1 });
    expect((await desk.object(final.key))?.equals(whole(lengths))).toBe(true);
    await desk.storage.discardWork(final.whole);
    expect((await desk.left()).filter((name) => name.includes(final.id))).toEqual([final.key]);
  }, 60_000);

  it('takes ranges of another object, whose bytes alone pass the server', async () => {
    const [source = new Row()] = await partials(desk.storage, [20 * MIB]);
    const final = new Row({ kind: 'final' });
    const ranges = [source.source(), source.source(MIB, 9 * MIB), source.source(0, 10)];
    desk.requests();
    await desk.storage.concatenate(final.take().upload, ranges, final.context());
    final.offset = 29 * MIB + 10;
    await desk.storage.complete(final.whole);

    expect(desk.proxy.bytes('get media').answered).toBe(9 * MIB + 10);
    const bytes = content(20 * MIB, 0);
    const expected = [bytes, bytes.subarray(MIB, 10 * MIB), bytes.subarray(0, 10)];
    expect((await desk.object(final.key))?.equals(Buffer.concat(expected))).toBe(true);
  });

  it('holds few pieces of ranges in memory, however many merges there are', async () => {
    const [source = new Row()] = await partials(desk.storage, [9 * MIB]);
    let held = 0;
    let most = 0;
    const { bytes, insert } = GcsApi.prototype;
    jest.spyOn(GcsApi.prototype, 'bytes').mockImplementation(function (this: GcsApi, object, range) {
      most = Math.max(most, ++held);
      return bytes.call(this, object, range);
    });
    jest.spyOn(GcsApi.prototype, 'insert').mockImplementation(function (this: GcsApi, body, at) {
      return insert.call(this, body, at).finally(() => held--);
    });
    const finals = Array.from({ length: 6 }, () => new Row({ kind: 'final' }).take());
    const ranges = Array.from({ length: 8 }, (_, index) => source.source(index * MIB, MIB));
    await Promise.all(finals.map((final) => desk.storage.concatenate(final.upload, ranges, final.context())));

    expect(held).toBe(0);
    expect(most).toBeLessThanOrEqual(4);
    for (const final of finals) expect(final.list).toMatchObject([{ length: 8 * MIB }]);
  });

  it('does not take another object than the partial was completed as', async () => {
    const sources = await partials(desk.storage, [10, 20]);
    const [name = ''] = await desk.left();
    await desk.put(name, content(10, 9));
    const final = new Row({ kind: 'final' });

    await expect(merge(desk.storage, final, sources)).rejects.toMatchObject({ kind: 'missing' });
    expect(await desk.object(final.key)).toBeUndefined();
  });

  it('takes the whole object of another final, whose storage class is none that can be composed with it', async () => {
    const storage = desk.again({ object: { storageClass: 'NEARLINE' } });
    const consumer = new Row({ kind: 'final', length: 10 });
    await consumer.send(storage, content(10, 0));
    const [partial = new Row()] = await partials(storage, [20]);
    const final = new Row({ kind: 'final' });
    desk.requests();
    await merge(storage, final, [consumer, partial]);

    expect(desk.proxy.bytes('get media').answered).toBe(0);
    expect(await desk.object(final.key)).toEqual(Buffer.concat([content(10, 0), content(20, 0)]));
    expect(await desk.object(consumer.key)).toEqual(content(10, 0));
    await storage.discardWork(final.whole);
    expect((await desk.left()).filter((name) => name.includes(final.id))).toEqual([final.key]);
  });

  it('does not take the object of another upload for a final that has consumed its partials', async () => {
    const consumer = new Row({ kind: 'final', length: 100 });
    await consumer.send(desk.storage, content(100));
    const foreign = new Row({ key: consumer.key, length: 100 });
    await foreign.send(desk.again({ overwrite: true }), content(100, 2));
    const final = new Row({ kind: 'final' }).take();

    const source = consumer.source(0, 40);
    const merged = desk.storage.concatenate(final.upload, [source], final.context());
    await expect(merged).rejects.toMatchObject({ kind: 'missing' });
  });

  it('stops between two pieces of a range, and copies none of them twice', async () => {
    const [source = new Row()] = await partials(desk.storage, [18 * MIB]);
    const final = new Row({ kind: 'final', length: 17 * MIB });
    const ranges = [source.source(0, 17 * MIB)];
    const stop = new AbortController();
    desk.proxy.faults = (kind) => {
      if (kind === 'insert') stop.abort('lost');
      return undefined;
    };
    desk.requests();
    const cut = desk.storage.concatenate(final.take().upload, ranges, final.context(stop));
    await expect(cut).rejects.toMatchObject({ kind: 'unavailable' });
    expect(desk.requests()).toEqual({ get: 1, 'get media': 1, insert: 1 });

    await desk.storage.concatenate(final.take().upload, ranges, final.context());
    expect(desk.requests()).toEqual({ get: 3, 'get media': 2, insert: 2, compose: 1 });
    await desk.storage.complete(final.whole);
    expect((await desk.object(final.key))?.equals(content(18 * MIB, 0).subarray(0, 17 * MIB))).toBe(true);
  });

  it('the parts of a partial are not needed any more once it is complete', async () => {
    const sources = await partials(desk.storage, [20 * MIB]);
    expect(await desk.left()).toHaveLength(4);
    for (const row of sources) await desk.storage.discardWork(row.take().whole);
    expect(await desk.left()).toEqual([`.tus/${sources[0]?.id}`]);

    const final = new Row({ kind: 'final' });
    await merge(desk.storage, final, sources);
    expect((await desk.object(final.key))?.equals(content(20 * MIB, 0))).toBe(true);
  });

  it('goes on where a merge was cut, and finds what was published', async () => {
    const lengths = [6, 7, 8];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    await desk.storage.concatenate(
      final.take().upload,
      sources.map((row) => row.source()),
      final.context(),
    );
    desk.requests();
    await merge(desk.again(), final, sources);
    expect(desk.requests()).toEqual({ compose: 1, get: 2 });

    await desk.again().complete(final.take().whole);
    expect(desk.requests()).toEqual({ get: 1 });
    expect(await desk.object(final.key)).toEqual(whole(lengths));
  });

  it('merges again what was removed before it was published, as a rule of the bucket does', async () => {
    const sources = await partials(desk.storage, [6, 7]);
    const final = new Row({ kind: 'final' }).take();
    const concatenate = () => {
      const ranges = sources.map((row) => row.source());
      return desk.storage.concatenate(final.upload, ranges, final.context());
    };
    await concatenate();
    final.offset = 13;
    const [name = ''] = (await desk.left()).filter((left) => left.includes(final.id));
    await desk.remove(name);
    await expect(desk.storage.complete(final.whole)).rejects.toMatchObject({ kind: 'missing' });

    await concatenate();
    await desk.storage.complete(final.whole);
    expect(await desk.object(final.key)).toEqual(whole([6, 7]));
  });
});
