import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import { Bench, fault, partial, Row } from './support.js';

describe('completing a local upload', () => {
  let bench: Bench;
  let row: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    row = new Row({ id: 'up', key: 'videos/2026/a.mp4' });
    await row.append(bench.storage, 'abcdef');
    row.whole();
  });
  afterEach(() => bench.close());

  test('publishes under the key, and keeps the working file until it is discarded', async () => {
    await bench.storage.complete(row.upload);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdef');
    expect(await bench.working()).toEqual(['up']);
    await bench.storage.discardWork(row.upload);
    await bench.storage.discardWork(row.upload);
    expect(await bench.working()).toEqual([]);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdef');
  });

  test('bytes are on the disk before the object appears', async () => {
    const steps: string[] = [];
    const storage = bench.again({
      datasync: async (handle) => (steps.push('sync'), nodeFileCalls.datasync(handle)),
      link: async (from, to) => (steps.push('link'), nodeFileCalls.link(from, to)),
    });
    await storage.complete(row.upload);
    expect(steps).toEqual(['sync', 'link']);
  });

  test("with sync 'never' nothing waits for the disk", async () => {
    const storage = bench.again({ datasync: async () => Promise.reject(fault('EIO')) }, { sync: 'never' });
    await storage.complete(row.upload);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdef');
  });

  test('bytes that could not be made safe are not published', async () => {
    const storage = bench.again({ datasync: async () => Promise.reject(fault('EIO')) });
    await expect(storage.complete(row.upload)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(bench.object('videos/2026/a.mp4')).rejects.toThrow('ENOENT');
    await bench.storage.complete(row.upload);
  });

  test('an object of the same size is not taken for ours where no working file proves it', async () => {
    await bench.storage.complete(row.upload);
    await bench.storage.discardWork(row.upload);
    const again = bench.again().complete(row.taken().upload);
    await expect(again).rejects.toMatchObject({ kind: 'missing' });
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdef');
  });

  test('a call that wakes up after another one has completed and discarded finds the object', async () => {
    const storage = bench.again({
      link: async (from, to) => {
        await bench.storage.complete(row.taken().upload);
        await bench.storage.discardWork(row.taken().upload);
        return nodeFileCalls.link(from, to);
      },
    });
    await storage.complete(row.upload);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdef');
  });

  test('two calls at once on several segments both succeed, and leave nothing', async () => {
    const second = new Row({ ...row.upload, epoch: 2, length: null });
    await second.append(bench.storage, 'ghi', true);
    second.whole();
    const third = second.taken();
    await Promise.all([bench.storage.complete(second.upload), bench.again().complete(third.upload)]);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdefghi');
    await bench.storage.discardWork(third.upload);
    expect(await bench.working()).toEqual([]);
  });

  test('a crash after several segments were published is recognised under a later epoch', async () => {
    const second = new Row({ ...row.upload, epoch: 2, length: null });
    await second.append(bench.storage, 'ghi', true);
    await bench.storage.complete(second.whole().upload);
    const linked = await stat(bench.storage.pathOf('videos/2026/a.mp4'));
    const third = second.taken();
    await bench.again().complete(third.upload);
    expect((await stat(bench.storage.pathOf('videos/2026/a.mp4'))).ino).toBe(linked.ino);
    expect(await bench.working()).toEqual(['up', 'up.2', 'up.2.whole']);
  });

  test('what a crash left of a stitched file is written afresh', async () => {
    const second = new Row({ ...row.upload, epoch: 2, length: null });
    await second.append(bench.storage, 'ghi', true);
    await writeFile(bench.workPath('up.2.whole'), 'HALF OF SOMETHING, AND LONGER');
    await bench.storage.complete(second.whole().upload);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdefghi');
  });

  test('a disk that is full while segments are stitched leaves them, and no half file', async () => {
    const second = new Row({ ...row.upload, epoch: 2, length: null });
    await second.append(bench.storage, 'ghi', true);
    second.whole();
    const full = bench.again({ writev: async () => Promise.reject(fault('ENOSPC')) });
    await expect(full.complete(second.upload)).rejects.toMatchObject({ kind: 'full' });
    expect(await bench.working()).toEqual(['up', 'up.2']);
    await bench.storage.complete(second.upload);
    expect(await bench.object('videos/2026/a.mp4')).toBe('abcdefghi');
  });

  test.each([0, 5])(
    'a working file of %i bytes instead of 6 is missing bytes, and is not published',
    async (size) => {
      await truncate(bench.workPath('up'), size);
      await expect(bench.storage.complete(row.upload)).rejects.toMatchObject({ kind: 'missing' });
      await expect(bench.object('videos/2026/a.mp4')).rejects.toThrow('ENOENT');
    },
  );

  test('a working file that is gone is missing', async () => {
    await rm(bench.workPath('up'));
    await expect(bench.storage.complete(row.upload)).rejects.toMatchObject({ kind: 'missing' });
  });

  test('an object that appears while the upload is published is not replaced', async () => {
    const storage = bench.again({
      link: async (from, to) => {
        await writeFile(to, 'faster');
        return nodeFileCalls.link(from, to);
      },
    });
    await expect(storage.complete(row.upload)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await bench.object('videos/2026/a.mp4')).toBe('faster');
  });

  test.each(['folder', 'dangling link'])('a %s under the key is a conflict', async (what) => {
    const single = new Row({ id: 'single' });
    await single.append(bench.storage, 'abc');
    if (what === 'folder') await mkdir(bench.storage.pathOf('single'));
    else await symlink('nowhere', bench.storage.pathOf('single'));
    await expect(bench.storage.complete(single.whole().upload)).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('a file where the key wants a folder is a conflict', async () => {
    await writeFile(bench.storage.pathOf('videos'), 'a file');
    await expect(bench.storage.complete(row.upload)).rejects.toMatchObject({ kind: 'conflict' });
    await bench.storage.remove(row.upload, false);
    expect(await bench.object('videos')).toBe('a file');
  });

  test('a partial is made safe, and never published', async () => {
    const upload = await partial(bench.storage, 'part', 'abc');
    expect(await bench.working()).toEqual(['part', 'up']);
    await truncate(bench.workPath('part'), 2);
    await expect(bench.storage.complete(upload)).rejects.toMatchObject({ kind: 'missing' });
  });

  test('an empty partial needs no file', async () => {
    await bench.storage.complete(new Row({ id: 'part', kind: 'partial', length: 0 }).upload);
    expect(await bench.working()).toEqual(['up']);
  });
});
