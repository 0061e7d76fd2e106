import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MARKER } from '../../../src/storage/gcs/object-settings.js';
import { content } from '../../support/content.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { MIB, read, Row } from '../row.js';
import { Desk } from './support.js';

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  describe('the requests', () => {
    it('of 64 MiB in one PATCH are ten: eight parts, a look and a compose', async () => {
      const row = new Row({ length: 64 * MIB });
      const body = content(64 * MIB);
      await row.send(desk.storage, body);

      expect(desk.requests()).toEqual({ insert: 8, get: 1, compose: 1 });
      expect((await desk.object(row.key))?.equals(body)).toBe(true);
    });

    it('of an upload that fits into a part are one, and nothing is on record for it', async () => {
      const row = new Row({ length: MIB });
      await row.send(desk.storage, content(MIB));
      await desk.storage.discardWork(row.whole);

      expect(desk.requests()).toEqual({ insert: 1 });
      expect(row).toMatchObject({ statements: 0, reference: null, list: [] });
      expect((await desk.metadata(row.key)).metadata).toEqual({
        [MARKER]: expect.stringContaining(row.id),
      });
    });

    it('of a PATCH in the middle are one, however small it is', async () => {
      const row = new Row({ length: 3 * MIB });
      const body = content(3 * MIB);
      await row.append(desk.storage, body.subarray(0, 1000));
      await row.append(desk.storage, body.subarray(1000, MIB));
      expect(desk.requests()).toEqual({ insert: 2 });
      await row.send(desk.storage, body.subarray(MIB));
      expect(desk.requests()).toEqual({ insert: 1, get: 1, compose: 1 });

      await desk.storage.discardWork(row.whole);
      expect(desk.requests()).toEqual({ list: 1 });
      expect((await desk.object(row.key))?.equals(body)).toBe(true);
      expect(await desk.left()).toEqual([row.key]);
      expect(row.list).toEqual([]);
    });

    it('of an empty upload are one', async () => {
      const row = new Row({ length: 0 });
      await desk.storage.complete(row.whole);

      expect(desk.requests()).toEqual({ insert: 1 });
      expect(await desk.object(row.key)).toEqual(Buffer.alloc(0));
    });

    it('that make, join or remove an object say which generation they mean', async () => {
      const row = new Row({ length: 40 });
      for (let at = 0; at < 39; at++) await row.append(desk.storage, content(40).subarray(at, at + 1));
      await row.send(desk.storage, content(40).subarray(39));
      await desk.storage.remove(row.take().whole, true);

      const changing = desk.proxy.requests.filter(({ kind }) =>
        ['insert', 'compose', 'delete'].includes(kind),
      );
      expect(new Set(changing.map(({ kind }) => kind)).size).toBe(3);
      expect(changing.filter(({ url }) => !url.includes('ifGenerationMatch='))).toEqual([]);
    });
  });

  it('many short requests leave few objects, on record as in the store', async () => {
    const row = new Row({ length: 200 });
    const body = content(200);
    for (let at = 0; at < 199; at++) {
      await row.append(desk.storage, body.subarray(at, at + 1));
      expect(row.list.length).toBeLessThanOrEqual(32);
    }
    expect(await desk.left()).toHaveLength(row.list.length);
    await row.send(desk.again(), body.subarray(199));

    expect(await desk.object(row.key)).toEqual(body);
    await desk.storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('an append reads no more of the record than it may join, however much there is', async () => {
    const partSize = MIB / 4;
    const row = new Row();
    const whole = Array.from({ length: 500 }, (_, index) => ({
      ...{ number: index + 1, epoch: 1, start: index * partSize, length: partSize },
      ...{ tag: '1 AAAAAA==', tail: false },
    }));
    await row.take().upload.parts.record(whole);
    row.offset = 500 * partSize;
    for (let sent = 0; sent < 100; sent++) {
      const before = row.partsRead;
      await row.append(desk.again({ partSize }), content(1));
      // 32 that may be joined, as many whole ones, one that ends where they begin, and the first one of the upload.
      expect(row.partsRead - before).toBeLessThanOrEqual(66);
      expect(row.list.length).toBeLessThanOrEqual(532);
    }
    expect(row).toMatchObject({ offset: 500 * partSize + 100, reads: 100 });
  });

  it('as long as short parts cannot be joined they stay, and no byte is lost', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    desk.proxy.faults = (kind) => (kind === 'compose' ? 'reset' : undefined);
    const impatient = desk.again({ requestTimeout: 100 });
    for (let at = 0; at < 32; at++) await row.append(impatient, body.subarray(at, at + 1));
    expect(row.list).toHaveLength(32);

    desk.proxy.faults = () => undefined;
    await row.append(desk.storage, body.subarray(32, 33));
    expect(row.list).toHaveLength(2);
    await row.send(desk.storage, body.subarray(33));
    expect(await desk.object(row.key)).toEqual(body);
  });

  it('gives back the whole object and ranges of it', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    await row.send(desk.storage, body);

    expect(await read(desk.storage, row.whole)).toEqual(body);
    expect(await read(desk.storage, row.whole, 10, 19)).toEqual(body.subarray(10, 20));
    desk.proxy.faults = (kind) => (kind === 'get media' ? 'truncated-answer' : undefined);
    await expect(read(desk.storage, row.whole)).rejects.toThrow();
  });

  it('completes from the record alone, and finds what was completed before', async () => {
    const row = new Row();
    const body = content(10 * MIB);
    await row.append(desk.storage, body);
    desk.requests();

    const another = desk.again();
    await another.complete(row.take().whole);
    expect(desk.requests()).toEqual({ get: 1, compose: 1 });
    // As after a crash before the row said so.
    await another.complete(row.take().whole);
    expect(desk.requests()).toEqual({ get: 1 });
    expect((await desk.object(row.key))?.equals(body)).toBe(true);
  });

  it('says that bytes are missing if a crash came before the last ones were stored, and goes on after', async () => {
    const row = new Row({ length: 20 * MIB });
    const body = content(20 * MIB);
    const { finish } = await row.append(desk.storage, body);
    finish?.discard();

    await expect(desk.again().complete(row.take().whole)).rejects.toMatchObject({ kind: 'missing' });
    expect(row.offset).toBe(16 * MIB);
    await row.send(desk.again(), body.subarray(16 * MIB));
    expect((await desk.object(row.key))?.equals(body)).toBe(true);
  });

  it('never completes with a part that is another one than was stored', async () => {
    const row = new Row({ length: 10 * MIB });
    await row.append(desk.storage, content(9 * MIB));
    const [part = ''] = await desk.left();
    await desk.put(part, content(8 * MIB, 2));

    await expect(row.send(desk.storage, content(MIB))).rejects.toMatchObject({ kind: 'missing' });
    expect(await desk.object(row.key)).toBeUndefined();
  });

  it('a part that never came on record is looked for until that has succeeded', async () => {
    const row = new Row({ length: 3 * MIB });
    const body = content(3 * MIB);
    row.failures = Infinity;
    expect(await row.append(desk.storage, body.subarray(0, MIB))).toMatchObject({ offset: 0 });
    row.failures = 0;
    await row.send(desk.storage, body);
    expect(await desk.left()).toHaveLength(2);

    const impatient = desk.again({ requestTimeout: 100 });
    desk.proxy.faults = (kind) => (kind === 'list' ? 'reset' : undefined);
    await expect(impatient.discardWork(row.whole)).rejects.toMatchObject({ kind: 'unavailable' });
    // Maintenance goes by what is on record.
    expect(row.list).toHaveLength(1);
    desk.proxy.faults = () => undefined;
    await desk.storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
    expect(row.list).toEqual([]);
  });

  it('finds parts that never came on record, and removes them', async () => {
    const row = new Row({ length: 30 * MIB });
    await row.append(desk.storage, content(18 * MIB));
    expect(await desk.left()).toHaveLength(3);
    // As after a crash before the statement.
    await row.upload.parts.forget();

    await desk.storage.remove(row.take().upload, false);
    expect(await desk.left()).toEqual([]);
    await desk.storage.remove(row.take().upload, false);
  });
});

onFakeGcs(
  (suite) => {
    it('a partial that is made again leaves nothing of the first one in a bucket that keeps versions', async () => {
      const desk = await Desk.open(suite);
      const row = new Row({ kind: 'partial', length: 10 });
      const late = await row.append(desk.storage, content(10, 1));
      const { finish } = await row.append(desk.again(), content(10, 2));
      await late.finish?.complete();
      await finish?.complete();
      expect(await desk.left()).toEqual([`.tus/${row.id}`]);
      await desk.close();
    });

    it('no generation of a working object stays in a bucket that keeps versions', async () => {
      const desk = await Desk.open(suite);
      const row = new Row({ length: 40 });
      for (let at = 0; at < 39; at++) await row.append(desk.storage, content(40).subarray(at, at + 1));
      await row.send(desk.storage, content(40).subarray(39));
      await desk.storage.discardWork(row.whole);
      expect(await desk.left()).toEqual([row.key]);
      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toEqual([]);
      await desk.close();
    });
  },
  { versions: true },
);
