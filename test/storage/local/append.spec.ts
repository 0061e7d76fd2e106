import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile, rm, truncate } from 'node:fs/promises';
import { LeaseLostError } from '../../../src/locks/lease-lost.error.js';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import { batches, Bench, fault, ManualBody, Row } from './support.js';

describe('appending to a local upload', () => {
  let bench: Bench;
  let row: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    row = new Row({ id: 'up' });
  });
  afterEach(() => bench.close());

  test('stores batches in order and tells the offset after each', async () => {
    const body = (async function* () {
      yield [Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')];
      yield [Buffer.alloc(0)];
      yield [Buffer.from('de')];
    })();
    expect(await bench.storage.append(row.upload, body, row.context())).toEqual({ offset: 5 });
    expect(row.progress).toEqual([3, 5]);
    expect(await readFile(bench.workPath('up'), 'utf8')).toBe('abcde');
  });

  test('creates no file before the first byte', async () => {
    expect(await row.append(bench.storage, '')).toEqual({ offset: 0 });
    expect(await bench.working()).toEqual([]);
  });

  test('takes a batch of more buffers than the system writes at once', async () => {
    const buffers = Array.from({ length: 5000 }, (_, index) => Buffer.from(`${index},`));
    const body = (async function* () {
      yield buffers;
    })();
    const { offset } = await bench.storage.append(row.upload, body, row.context());
    expect(offset).toBe(Buffer.concat(buffers).length);
    expect(await readFile(bench.workPath('up'))).toEqual(Buffer.concat(buffers));
  });

  test('goes on after writes that took only a part of a batch', async () => {
    const storage = bench.again({
      writev: async (handle, buffers, position) => {
        const first = Buffer.concat(buffers).subarray(0, 3);
        return nodeFileCalls.writev(handle, [first], position);
      },
    });
    const body = (async function* () {
      yield ['ab', 'cdefg', '', 'h'].map((part) => Buffer.from(part));
    })();
    expect(await storage.append(row.upload, body, row.context())).toEqual({ offset: 8 });
    expect(await readFile(bench.workPath('up'), 'utf8')).toBe('abcdefgh');
  });

  test.each(['abc', ''])(
    'a working file that is shorter than its row is missing bytes, never filled up: %p',
    async (left) => {
      await row.append(bench.storage, 'abcdef');
      await truncate(bench.workPath('up'), left.length);
      const result = await row.append(bench.storage, 'ghi');
      expect(result).toMatchObject({ offset: 6, failure: { kind: 'missing' } });
      expect(await readFile(bench.workPath('up'), 'utf8')).toBe(left);
    },
  );

  test('a working file that is gone is missing, and is not created anew', async () => {
    await row.append(bench.storage, 'abc');
    await rm(bench.workPath('up'));
    expect(await row.append(bench.storage, 'def')).toMatchObject({ offset: 3, failure: { kind: 'missing' } });
    expect(await bench.working()).toEqual([]);
  });

  test.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['EIO', 'unavailable'],
  ])(
    '%s keeps the bytes that got through, stops the body, and is returned as %s (CORE-23)',
    async (code, kind) => {
      let room = 5;
      const storage = bench.again({
        writev: async (handle, buffers, position) => {
          if (room === 0) throw fault(code);
          const first = Buffer.concat(buffers).subarray(0, room);
          room -= first.length;
          return nodeFileCalls.writev(handle, [first], position);
        },
      });
      const body = new ManualBody();
      body.give('abc');
      body.give('defg');
      body.give('hij');
      const result = await storage.append(row.upload, body, row.context());
      expect(result).toMatchObject({ offset: 5, failure: { kind } });
      expect(row.progress).toEqual([3, 5]);
      expect(body.returned).toBe(true);

      row.upload = { ...row.upload, offset: result.offset };
      await row.append(bench.storage, 'fghi');
      await bench.storage.complete(row.whole().upload);
      expect(await bench.object('up')).toBe('abcdefghi');
    },
  );

  test('a file system that takes no bytes ends in a failure, not in a loop', async () => {
    const storage = bench.again({ writev: async () => 0 });
    expect(await row.append(storage, 'abc')).toMatchObject({ offset: 0, failure: { kind: 'unavailable' } });
  });

  test('chunks are released once they are written, and not if they are not', async () => {
    await row.append(bench.storage, 'abc');
    expect(row.released.join()).toBe('abc');
    const full = bench.again({ writev: async () => Promise.reject(fault('ENOSPC')) });
    await row.append(full, 'def');
    expect(row.released.join()).toBe('abc');
  });

  test("with sync 'append' an offset is told only after its bytes are on the disk", async () => {
    const steps: string[] = [];
    const storage = bench.again(
      { datasync: async (handle) => (steps.push('sync'), nodeFileCalls.datasync(handle)) },
      { sync: 'append' },
    );
    const context = { ...row.context(), progress: (offset: number) => void steps.push(`told ${offset}`) };
    await storage.append(row.upload, batches('abc', 'def'), context);
    expect(steps).toEqual(['sync', 'told 3', 'sync', 'told 6']);
  });

  test("with sync 'append' bytes that could not be made safe do not count", async () => {
    const storage = bench.again({ datasync: async () => Promise.reject(fault('EIO')) }, { sync: 'append' });
    expect(await row.append(storage, 'abc')).toMatchObject({ offset: 0, failure: { kind: 'unavailable' } });
  });

  test('a lease that is lost while the new segment is put on record is not a failure of the storage', async () => {
    const context = { ...row.context(true), record: async () => Promise.reject(new LeaseLostError('up')) };
    await expect(bench.storage.append(row.upload, batches('abc'), context)).rejects.toThrow(LeaseLostError);
    expect(await bench.working()).toEqual([]);
  });
});
