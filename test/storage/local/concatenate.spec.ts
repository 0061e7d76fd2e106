import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFile, readFile, rm, stat, truncate } from 'node:fs/promises';
import { LeaseLostError } from '../../../src/locks/lease-lost.error.js';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import type { ConcatSource, StoredUpload } from '../../../src/storage/upload-storage.js';
import { Bench, fault, partial, Row, text } from './support.js';

function source(upload: StoredUpload, adoptable = false): ConcatSource {
  return { upload, start: 0, length: upload.length ?? 0, adoptable };
}

async function inode(path: string): Promise<number> {
  return (await stat(path)).ino;
}

describe('concatenating on the local disk', () => {
  let bench: Bench;
  let final: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    final = new Row({ id: 'final', kind: 'final', length: 9, epoch: 1 });
  });
  afterEach(() => bench.close());

  async function three(): Promise<StoredUpload[]> {
    const parts = ['abc', 'def', 'ghi'].map((content, index) => partial(bench.storage, `p${index}`, content));
    return Promise.all(parts);
  }

  async function merge(sources: ConcatSource[], storage = bench.storage, row = final): Promise<string> {
    const length = sources.reduce((sum, part) => sum + part.length, 0);
    await storage.concatenate(row.whole(length).upload, sources, row.context());
    await storage.complete(row.upload);
    return bench.object('final');
  }

  test('a source that may be taken over and is listed twice comes twice (CON-14)', async () => {
    const part = await partial(bench.storage, 'p', 'abc');
    expect(await merge([source(part, true), source(part, true)])).toBe('abcabc');
    expect(await text(bench.storage.read(part))).toBe('abc');
  });

  test('a thousand small sources share their writes', async () => {
    const parts: StoredUpload[] = [];
    for (let index = 0; index < 1000; index += 1) {
      parts.push(await partial(bench.again({}, { sync: 'never' }), `p${index}`, `${index},`));
    }
    let writes = 0;
    const storage = bench.again({
      writev: async (...call) => ((writes += 1), nodeFileCalls.writev(...call)),
    });
    expect(
      await merge(
        parts.map((part) => source(part)),
        storage,
      ),
    ).toBe(Array.from({ length: 1000 }, (_, index) => `${index},`).join(''));
    expect(writes).toBe(1);
  });

  test('a source that is shorter than said, or gone, is missing', async () => {
    const [a, b] = (await three()) as [StoredUpload, StoredUpload];
    await truncate(bench.workPath('p1'), 2);
    await expect(merge([source(a), source(b)])).rejects.toMatchObject({ kind: 'missing' });
    await rm(bench.workPath('p1'));
    await expect(merge([source(b, true), source(a)])).rejects.toMatchObject({ kind: 'missing' });
    expect(await bench.working()).toEqual(['p0', 'p2']);
  });

  test('the working file is on record before it exists', async () => {
    const part = await partial(bench.storage, 'p', 'abc');
    const context = {
      ...final.context(),
      record: async (reference: string) => {
        expect(reference).toBe('[[1,0]]');
        expect(await bench.working()).toEqual(['p']);
        throw new LeaseLostError('final');
      },
    };
    await expect(bench.storage.concatenate(final.upload, [source(part)], context)).rejects.toThrow(
      LeaseLostError,
    );
    expect(await bench.working()).toEqual(['p']);
  });

  test('a merge that is told to stop says so, and leaves the partials as they were', async () => {
    const [a, b] = (await three()) as [StoredUpload, StoredUpload];
    const context = final.context(false, AbortSignal.abort());
    await expect(
      bench.storage.concatenate(final.upload, [source(a, true), source(b)], context),
    ).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('stopped') });
    expect(await bench.working()).toEqual(['p0', 'p1', 'p2']);
    expect(await text(bench.storage.read(a))).toBe('abc');
  });

  test('a merge that is called twice by one holder writes the file afresh', async () => {
    const parts = (await three()).map((part, index) => source(part, index === 0));
    await bench.storage.concatenate(final.whole(9).upload, parts, final.context());
    expect(await merge(parts)).toBe('abcdefghi');
    expect(await text(bench.storage.read(parts[0]!.upload))).toBe('abc');
  });

  describe('adopting the first partial', () => {
    let parts: ConcatSource[];
    beforeEach(async () => {
      parts = (await three()).map((part, index) => source(part, index === 0));
    });

    test('moves none of its bytes, and leaves it readable', async () => {
      await appendFile(bench.workPath('p0'), 'BEYOND ITS OFFSET');
      await merge(parts);
      expect(await inode(bench.storage.pathOf('final'))).toBe(await inode(bench.workPath('p0')));
      expect(await text(bench.storage.read(parts[0]!.upload))).toBe('abc');
      await bench.storage.discardWork(final.upload);
      await bench.storage.remove(parts[0]!.upload, true);
      expect(await bench.object('final')).toBe('abcdefghi');
    });

    test('does not happen where it is not offered', async () => {
      await merge(parts.map((part) => ({ ...part, adoptable: false })));
      expect(await inode(bench.storage.pathOf('final'))).not.toBe(await inode(bench.workPath('p0')));
      expect((await stat(bench.workPath('p0'))).size).toBe(3);
    });

    test('does not happen while an earlier attempt may still run', async () => {
      const fenced = final.taken();
      await bench.storage.concatenate(fenced.whole(9).upload, parts, fenced.context(true));
      expect((await stat(bench.workPath('p0'))).nlink).toBe(1);
      const orderly = fenced.taken();
      await bench.storage.concatenate(orderly.upload, parts, orderly.context());
      expect((await stat(bench.workPath('p0'))).nlink).toBe(1);
    });

    test('does not happen while another merge has it (CON-14)', async () => {
      const other = new Row({ id: 'other', kind: 'final' });
      await bench.storage.concatenate(other.whole(9).upload, parts, other.context());
      expect(await merge([parts[0]!, parts[2]!])).toBe('abcghi');
      await bench.storage.complete(other.upload);
      expect(await bench.object('other')).toBe('abcdefghi');
    });

    test('does not happen for a part of its bytes', async () => {
      expect(await merge([{ ...parts[0]!, length: 2 }, parts[1]!])).toBe('abdef');
      expect(await text(bench.storage.read(parts[0]!.upload))).toBe('abc');
    });

    test('falls back to a copy where there are no hard links', async () => {
      const storage = bench.again({ link: async () => Promise.reject(fault('ENOTSUP')) });
      expect(await merge(parts, storage)).toBe('abcdefghi');
      expect(await readFile(bench.workPath('p0'), 'utf8')).toBe('abc');
    });

    test('is undone when the disk is full, and the merge can be done again (CORE-23)', async () => {
      let room = 4;
      const storage = bench.again({
        writev: async (handle, buffers, position) => {
          if (room === 0) throw fault('ENOSPC');
          const first = Buffer.concat(buffers).subarray(0, room);
          room -= first.length;
          return nodeFileCalls.writev(handle, [first], position);
        },
      });
      await expect(merge(parts, storage)).rejects.toMatchObject({ kind: 'full' });
      expect(await bench.working()).toEqual(['p0', 'p1', 'p2']);
      expect(await readFile(bench.workPath('p0'), 'utf8')).toBe('abc');
      expect(await merge(parts, bench.storage, final.taken())).toBe('abcdefghi');
    });
  });
});
