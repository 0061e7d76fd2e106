import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { BlockWriter } from '../../../src/storage/local/block-writer.js';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import type { FileCalls } from '../../../src/storage/local/file-calls.js';
import { stitch } from '../../../src/storage/local/stitch.js';
import type { FileRange } from '../../../src/storage/local/working-files.js';
import { Bench, fault } from './support.js';

const MIB = 1024 * 1024;

describe('copying files behind each other', () => {
  let bench: Bench;
  let target: FileHandle;
  beforeEach(async () => {
    bench = await Bench.open();
    target = await open(bench.workPath('target'), 'w+');
  });
  afterEach(async () => {
    await target.close();
    await bench.close();
  });

  function writer(writev: FileCalls['writev'] = nodeFileCalls.writev, position = 0): BlockWriter {
    return new BlockWriter({ calls: { ...nodeFileCalls, writev }, handle: target, position });
  }

  async function file(name: string, content: Buffer): Promise<FileRange> {
    const path = bench.workPath(name);
    await writeFile(path, content);
    return { path, position: 0, length: content.length };
  }

  test('keeps the order where files are larger than a block, and where many share one', async () => {
    const sizes = [1, 5 * MIB + 3, ...Array<number>(20).fill(70_001), 2 * MIB, 0, 7];
    const contents = sizes.map((size) => randomBytes(size));
    const ranges = await Promise.all(contents.map((content, index) => file(`f${index}`, content)));
    await target.write('abc');
    await stitch(ranges, writer(undefined, 3));
    const expected = Buffer.concat([Buffer.from('abc'), ...contents]);
    expect(expected.equals(await readFile(bench.workPath('target')))).toBe(true);
  });

  test('a write that fails ends it, and closes what was read meanwhile', async () => {
    const ranges = [await file('a', randomBytes(5 * MIB)), await file('b', randomBytes(MIB))];
    const full = writer(async () => Promise.reject(fault('ENOSPC')));
    await expect(stitch(ranges, full)).rejects.toThrow('ENOSPC');
    expect(await bench.openFiles()).toEqual([bench.workPath('target')]);
  });

  test('nothing is written any more once it has failed', async () => {
    const ranges = [await file('a', randomBytes(2 * MIB)), { path: 'nowhere', position: 0, length: MIB }];
    let [begun, ended] = [0, 0];
    const slow = writer(async (...call) => {
      begun += 1;
      for (let turn = 0; turn < 100; turn += 1) await setImmediate();
      const written = await nodeFileCalls.writev(...call);
      ended += 1;
      return written;
    });
    await expect(stitch(ranges, slow)).rejects.toThrow('ENOENT');
    expect([begun, ended]).toEqual([1, 1]);
  });

  test('many files of which one is too short are all closed', async () => {
    const ranges = await Promise.all(Array.from({ length: 20 }, (_, n) => file(`f${n}`, randomBytes(10))));
    const short = ranges.map((range, index) => (index === 3 ? { ...range, length: 11 } : range));
    await expect(stitch(short, writer())).rejects.toMatchObject({ kind: 'missing' });
    expect(await bench.openFiles()).toEqual([bench.workPath('target')]);
  });
});
