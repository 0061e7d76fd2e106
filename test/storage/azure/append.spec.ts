import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PartMemory } from '../../../src/storage/azure/index.js';
import { MARKER } from '../../../src/storage/azure/marker.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { KIB, MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  describe('the requests', () => {
    it('of 64 MiB in one PATCH are nine: eight blocks and the commit', async () => {
      const row = new Row({ length: 64 * MIB });
      const body = content(64 * MIB);
      await row.send(desk.storage, body);

      expect(desk.requests()).toEqual({
        'Put Block': 8,
        'Put Block List': 1,
      });
      expect((await desk.object(row.key)).equals(body)).toBe(true);
    });

    it('of an upload that fits into a part are one, and nothing is on record for it', async () => {
      const row = new Row({ length: MIB });
      await row.send(desk.storage, content(MIB));

      expect(desk.requests()).toEqual({ 'Put Blob': 1 });
      expect(row).toMatchObject({ statements: 0, reference: null, list: [] });
      expect((await desk.head(row.key)).metadata?.[MARKER]).toContain(row.id);
    });

    it('of a PATCH of 1 MiB in the middle are one', async () => {
      const row = new Row({ length: 3 * MIB });
      const body = content(3 * MIB);
      await row.append(desk.storage, body.subarray(0, MIB));
      expect(desk.requests()).toEqual({ 'Put Block': 1 });
      await row.append(desk.storage, body.subarray(MIB, 2 * MIB));
      expect(desk.requests()).toEqual({ 'Put Block': 1 });
      await row.send(desk.storage, body.subarray(2 * MIB));
      expect(desk.requests()).toEqual({ 'Put Block': 1, 'Put Block List': 1 });

      await desk.storage.discardWork(row.whole);
      expect(desk.requests()).toEqual({});
      expect((await desk.object(row.key)).equals(body)).toBe(true);
      expect(await desk.left()).toEqual([row.key]);
      expect(row.list).toEqual([]);
    });

    it('of a PATCH of 1 KiB in the middle are two, for the tail, and one that removes the tail before', async () => {
      const row = new Row({ length: 3 * KIB });
      const body = content(3 * KIB);
      await row.append(desk.storage, body.subarray(0, KIB));
      expect(desk.requests()).toEqual({ 'Put Blob': 1 });
      await row.append(desk.storage, body.subarray(KIB, 2 * KIB));
      expect(desk.requests()).toEqual({ 'Get Blob': 1, 'Put Blob': 1 });
      await row.send(desk.storage, body.subarray(2 * KIB));
      // The tail of the first PATCH goes with the last one.
      expect(desk.requests()).toEqual({ 'Get Blob': 1, 'Put Blob': 1, 'Delete Blob': 1 });

      await desk.storage.discardWork(row.whole);
      expect(desk.requests()).toEqual({ 'Delete Blob': 1 });
      expect(await desk.object(row.key)).toEqual(body);
      expect(await desk.left()).toEqual([row.key]);
      expect(row.list).toEqual([]);
    });

    it('of an empty upload are one', async () => {
      const row = new Row({ length: 0 });
      await desk.storage.complete(row.whole);

      expect(desk.requests()).toEqual({ 'Put Blob': 1 });
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

  it('has larger blocks for a larger upload, so that 50,000 suffice: 24 MiB of 1 TiB', async () => {
    const row = new Row({ length: 1024 ** 2 * MIB });
    await row.append(desk.storage, content(25 * MIB));
    expect(row.list.map(({ length }) => length)).toEqual([24 * MIB, MIB]);
  });

  it('completes from the record alone: parts, and a tail', async () => {
    const row = new Row();
    const body = content(8 * MIB + 1000);
    await row.append(desk.storage, body);
    desk.requests();

    const another = desk.again();
    await another.complete(row.take().whole);
    expect(desk.requests()).toEqual({
      'Get Blob': 1,
      'Get Blob Properties': 1,
      'Put Block': 1,
      'Put Block List': 1,
    });
    // As after a crash before the row said so.
    await another.complete(row.take().whole);
    expect((await desk.object(row.key)).equals(body)).toBe(true);
    await another.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
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

  it('removes whatever an unfinished upload has', async () => {
    const row = new Row({ length: 30 * MIB });
    await row.append(desk.storage, content(18 * MIB));
    expect(await desk.left()).not.toEqual([]);

    await desk.storage.remove(row.upload, false);
    expect(await desk.left()).toEqual([]);
    expect(row.list).toEqual([]);
    await desk.storage.remove(row.upload, false);
  });

  it('keeps apart what a silent writer may still stage: its blocks have names of their own', async () => {
    const row = new Row({ length: 17 * MIB });
    await row.append(desk.storage, content(8 * MIB, 2));
    // Nobody was told of these bytes: the next writer begins anew.
    row.offset = 0;
    await row.append(desk.again(), content(16 * MIB), { fenced: true });
    expect(row.list.map(({ number, epoch, tag }) => [number, epoch, tag])).toEqual([
      [1, 1, null],
      [2, 2, expect.any(String)],
      [3, 2, expect.any(String)],
    ]);
    // The first writer again, with the numbers 1 and 2.
    const late = new Row({ id: row.id, length: 17 * MIB });
    late.reference = row.reference;
    await late.append(desk.storage, content(16 * MIB, 3));
    expect(late.list.map(({ number, epoch }) => [number, epoch])).toEqual([
      [1, 1],
      [2, 1],
    ]);

    await row.send(desk.again(), content(17 * MIB).subarray(16 * MIB));
    expect((await desk.object(row.key)).equals(content(17 * MIB))).toBe(true);
    await desk.storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it.each([
    [11, { 'Put Blob': 1 }],
    [13, { 'Put Blob': 1, 'Put Block': 1 }],
  ])(
    'keeps blocks for a wait of six days behind a tail, which is no block: %d hours after its creation by %j',
    async (hours, requests) => {
      const row = new Row({ length: 9 * MIB, createdAt: Date.now() - hours * 60 * 60 * 1000 });
      const body = content(9 * MIB);
      await row.append(desk.storage, body.subarray(0, 8 * MIB));
      desk.requests();
      await row.append(desk.storage, body.subarray(8 * MIB, 8 * MIB + 10));
      expect(desk.requests()).toEqual(requests);

      await row.send(desk.storage, body.subarray(8 * MIB + 10));
      expect((await desk.object(row.key)).equals(body)).toBe(true);
    },
  );

  it('sends a part that found no memory from its file', async () => {
    const storage = desk.again({ memory: new PartMemory({ limit: 1 }) });
    const row = new Row({ length: 17 * MIB });
    await row.send(storage, content(17 * MIB));
    expect((await desk.object(row.key)).equals(content(17 * MIB))).toBe(true);
  });

  it('says that the upload is gone when the store has forgotten its blocks', async () => {
    const row = new Row({ length: 9 * MIB });
    await row.append(desk.storage, content(8 * MIB));
    const blob = desk.blob(row.key);
    await blob.commitBlockList([]);
    await blob.delete();
    await expect(row.send(desk.storage, content(MIB))).rejects.toMatchObject({ kind: 'missing' });
  });
});
