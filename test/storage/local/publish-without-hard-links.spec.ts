import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import type { FileCalls } from '../../../src/storage/local/file-calls.js';
import { Bench, fault, Row } from './support.js';

describe.each(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'])('publishing where links fail with %s', (code) => {
  let bench: Bench;
  let row: Row;
  const noLinks = { link: async () => Promise.reject(fault(code)) };
  beforeEach(async () => {
    bench = await Bench.open();
    row = new Row({ id: 'up' });
    await row.append(bench.storage, 'abc');
  });
  afterEach(() => bench.close());

  /** Runs until the rename is asked for, and stops there for ever, as a process that was killed. */
  async function crashAtRename(after?: FileCalls['rename']): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const rename: FileCalls['rename'] = async (from, to) => {
        await after?.(from, to);
        resolve();
        return new Promise<void>(() => undefined);
      };
      bench
        .again({ ...noLinks, rename })
        .complete(row.upload)
        .catch(reject);
    });
  }

  async function segmented(): Promise<void> {
    row = row.taken();
    await row.append(bench.storage, 'def', true);
  }

  test('the object is complete, and a second call finds it', async () => {
    const storage = bench.again(noLinks);
    await storage.complete(row.whole().upload);
    await storage.complete(row.taken().upload);
    expect(await bench.object('up')).toBe('abc');
    await storage.discardWork(row.upload);
    expect(await bench.working()).toEqual([]);
  });

  test('so is one of several segments', async () => {
    await segmented();
    const storage = bench.again(noLinks);
    await storage.complete(row.whole().upload);
    await storage.complete(row.taken().upload);
    expect(await bench.object('up')).toBe('abcdef');
    await storage.discardWork(row.upload);
    expect(await bench.working()).toEqual([]);
  });

  test('and an empty one', async () => {
    const storage = bench.again(noLinks);
    const empty = new Row({ id: 'empty', length: 0 });
    await storage.complete(empty.upload);
    await storage.complete(empty.taken().upload);
    expect(await bench.object('empty')).toBe('');
    await storage.discardWork(empty.upload);
    expect(await bench.working()).toEqual(['up']);
  });

  test('a crash between the reservation and the rename is gone on from', async () => {
    row.whole();
    await crashAtRename();
    expect(await bench.object('up')).toBe('');
    await bench.again(noLinks).complete(row.taken().upload);
    expect(await bench.object('up')).toBe('abc');
  });

  test('a crash after the rename, with segments left, is recognised', async () => {
    await segmented();
    row.whole();
    await crashAtRename(nodeFileCalls.rename);
    await bench.again(noLinks).complete(row.taken().upload);
    expect(await bench.object('up')).toBe('abcdef');
  });

  test.each(['abc', ''])('a call that is overtaken by another one finds its object: %p', async (content) => {
    const upload = new Row({ id: 'other', length: content.length });
    await upload.append(bench.storage, content);
    const storage = bench.again({
      ...noLinks,
      rename: async (from, to) => {
        await bench.again(noLinks).complete(upload.taken().upload);
        return nodeFileCalls.rename(from, to);
      },
    });
    await storage.complete(upload.upload);
    expect(await bench.object('other')).toBe(content);
  });

  test('a reservation of a deleted upload goes with it', async () => {
    row.whole();
    await crashAtRename();
    await bench.again(noLinks).remove(row.upload, false);
    await expect(bench.object('up')).rejects.toThrow('ENOENT');
    expect(await bench.working()).toEqual([]);
  });

  test('an object that was published but not recorded goes with a deleted upload', async () => {
    row.whole();
    await crashAtRename(nodeFileCalls.rename);
    await bench.again(noLinks).remove(row.upload, false);
    await expect(bench.object('up')).rejects.toThrow('ENOENT');
    expect(await bench.working()).toEqual([]);
  });

  test.each(['', 'foreign', 'abc'])('another object is never replaced nor removed: %p', async (content) => {
    await writeFile(bench.storage.pathOf('up'), content);
    const storage = bench.again(noLinks);
    await expect(storage.complete(row.whole().upload)).rejects.toMatchObject({ kind: 'conflict' });
    await storage.remove(row.upload, false);
    expect(await bench.object('up')).toBe(content);
    expect(await bench.working()).toEqual([]);
  });

  test('an object that appears in the last moment is not replaced', async () => {
    const storage = bench.again({
      link: async (_from, to) => {
        await writeFile(to, '');
        throw fault(code);
      },
    });
    await expect(storage.complete(row.whole().upload)).rejects.toMatchObject({
      kind: 'conflict',
    });
    await bench.storage.remove(row.upload, false);
    expect(await bench.object('up')).toBe('');
  });

  test('a rename that fails takes the reservation back', async () => {
    const storage = bench.again({ ...noLinks, rename: async () => Promise.reject(fault('EXDEV')) });
    await expect(storage.complete(row.whole().upload)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(bench.object('up')).rejects.toThrow('ENOENT');
    expect(await bench.working()).toEqual(['up']);
    await bench.again(noLinks).complete(row.upload);
    expect(await bench.object('up')).toBe('abc');
  });
});
