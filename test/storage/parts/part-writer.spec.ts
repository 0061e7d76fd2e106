import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PartMemory } from '../../../src/storage/parts/part-memory.js';
import { partRules } from '../../../src/storage/parts/part-rules.js';
import { writeParts } from '../../../src/storage/parts/part-writer.js';
import type { PartsResult } from '../../../src/storage/parts/part-writer.js';
import { partsUpTo } from '../../../src/storage/parts/parts-up-to.js';
import { batchesOf, bytesOf, MemoryStore, PartedRow, SpillFolder } from './support.js';
import type { Gate } from './support.js';

const MIB = 1024 ** 2;
const rules = partRules({ least: 5 * MIB, largest: 5 * 1024 * MIB, mostParts: 10_000 });

describe('a part writer', () => {
  let row: PartedRow;
  let store: MemoryStore;
  let folder: SpillFolder;
  let memory: PartMemory;

  beforeEach(async () => {
    folder = await SpillFolder.make();
    [row, store, memory] = [new PartedRow(), new MemoryStore(), new PartMemory({ folder: folder.path })];
  });

  afterEach(async () => {
    await folder.remove();
    assert.equal(memory.used, 0);
    assert.deepEqual(store.faults, []);
  });

  const mebibytes = (bytes: Buffer) =>
    batchesOf(
      ...Array.from({ length: bytes.length / MIB }, (_, at) => bytes.subarray(at * MIB, (at + 1) * MIB)),
    );

  const append = async (
    body: AsyncIterable<readonly Buffer[]>,
    { before, signal }: { before?: Gate; signal?: AbortSignal } = {},
  ) => {
    const upload = row.take();
    const deps = { target: store.target(before), rules, memory };
    const result = await writeParts(deps, upload, { body, context: row.context(signal) });
    if (result.offset !== row.length) row.offset = result.offset;
    return result;
  };

  it('stores 64 MiB in one request as seven parts, and hands the last one over', async () => {
    row.length = 64 * MIB;
    const bytes = randomBytes(64 * MIB);
    const { offset, failure, last } = await append(mebibytes(bytes));
    expect({ offset, failure, calls: store.calls }).toEqual({
      offset: 64 * MIB,
      failure: undefined,
      calls: Array.from({ length: 7 }, () => 'put'),
    });
    expect(row.statements.length).toBeLessThanOrEqual(7);
    expect(last?.parts.map(({ number, start }) => [number, start / MIB])).toEqual(
      Array.from({ length: 7 }, (_, at) => [at + 1, 8 * at]),
    );
    expect(last?.bytes).toMatchObject({ number: 8, start: 56 * MIB, length: 8 * MIB });
    const end = last?.bytes ? await bytesOf(last.bytes) : Buffer.alloc(0);
    expect(Buffer.concat([store.bytesOf(last?.parts ?? []), end]).equals(bytes)).toBe(true);
    await last?.free();
  });

  it('hands over an upload smaller than a part whole, without a call or a statement', async () => {
    row.length = MIB;
    const bytes = randomBytes(MIB);
    const { last } = await append(batchesOf(bytes));
    expect(last?.parts).toEqual([]);
    expect(last?.bytes && (await bytesOf(last.bytes)).equals(bytes)).toBe(true);
    expect([store.calls, row.statements]).toEqual([[], []]);
    await last?.free();
  });

  it('reads and writes one tail for a request of 1 MiB in the middle of an upload', async () => {
    row.length = 64 * MIB;
    const bytes = randomBytes(3 * MIB);
    const [first, second, third] = [0, 1, 2].map((at) => bytes.subarray(at * MIB, (at + 1) * MIB));
    await append(batchesOf(first ?? bytes));
    store.calls.length = 0;
    const { offset } = await append(batchesOf(second ?? bytes));
    expect({ offset, calls: store.calls }).toEqual({ offset: 2 * MIB, calls: ['readTail', 'putTail'] });
    store.calls.length = 0;
    await append(batchesOf(third ?? bytes));
    // The first tail goes once the offset is on record that stands behind the second.
    expect(store.calls).toEqual(['removeTail', 'readTail', 'putTail']);
    expect(store.bytesOf(partsUpTo(row.list, row.offset)).equals(bytes)).toBe(true);
    expect(store.tails.size).toBe(2);
  });

  it('makes a part of a remainder that is large enough for one', async () => {
    row.length = 64 * MIB;
    const { offset } = await append(mebibytes(randomBytes(14 * MIB)));
    expect({ offset, calls: store.calls }).toEqual({ offset: 14 * MIB, calls: ['put', 'put'] });
  });

  it('ends an upload whose length is said with no bytes: its tail becomes the last part', async () => {
    const bytes = randomBytes(9 * MIB);
    await append(mebibytes(bytes));
    row.length = 9 * MIB;
    const { offset, last } = await append(batchesOf());
    expect(offset).toBe(9 * MIB);
    expect(last?.parts.map(({ number, length }) => [number, length])).toEqual([[1, 8 * MIB]]);
    expect(last?.bytes).toMatchObject({ number: 2, start: 8 * MIB, length: MIB });
    await last?.free();
  });

  it('has nothing to add to an upload that its parts end', async () => {
    await append(mebibytes(randomBytes(8 * MIB)));
    row.length = 8 * MIB;
    const { last } = await append(batchesOf());
    expect(last?.bytes).toBeUndefined();
    expect(last?.parts).toHaveLength(1);
  });

  it('tells the offset before the part that failed, and never uses a number again that may still arrive', async () => {
    let puts = 0;
    const before = async (call: string) => {
      if (call === 'put' && ++puts === 3) throw new Error('The third is refused.');
    };
    const bytes = randomBytes(40 * MIB);
    const { offset, failure } = await append(mebibytes(bytes), { before });
    expect([offset, failure?.kind]).toEqual([16 * MIB, 'unavailable']);
    expect(row.told.at(-1)).toBe(16 * MIB);
    const unused = row.list.filter(({ tag }) => tag === null).map(({ number }) => number);
    expect(unused).toContain(3);
    const again = await append(mebibytes(bytes.subarray(16 * MIB)));
    expect(again).toEqual({ offset: 40 * MIB });
    expect(store.bytesOf(partsUpTo(row.list, 40 * MIB)).equals(bytes)).toBe(true);
  });

  it('keeps clear of the numbers of a silent writer, on record before the first part is put', async () => {
    row.reference = 'reference';
    await append(mebibytes(randomBytes(8 * MIB)));
    const seen: number[] = [];
    const before = async () => void seen.push(...row.list.map(({ number }) => number));
    row.fenced = true;
    await append(mebibytes(randomBytes(8 * MIB)), { before });
    expect(seen).toEqual([1, 6]);
    // Who comes next need not leave a gap again.
    expect(row.fenced).toBe(false);
  });

  it('has the number of the last part on record too, if a silent writer may use numbers', async () => {
    row.length = 9 * MIB;
    await append(mebibytes(randomBytes(8 * MIB)));
    row.fenced = true;
    const { last } = await append(batchesOf(randomBytes(MIB)));
    expect(last?.bytes?.number).toBe(6);
    expect(row.list.map(({ number, tag }) => [number, tag])).toEqual([
      [1, 'part 1'],
      [6, null],
    ]);
    await last?.free();
  });

  it('takes up a tail that is larger than the parts that are wanted now', async () => {
    const bytes = randomBytes(5 * MIB);
    await append(mebibytes(bytes.subarray(0, 3 * MIB)));
    const small = { ...rules, sizeOf: () => MIB };
    const deps = { target: store.target(), rules: small, memory };
    const body = mebibytes(bytes.subarray(3 * MIB));
    const { offset } = await writeParts(deps, row.take(), { body, context: row.context() });
    expect(offset).toBe(5 * MIB);
    expect(store.bytesOf(partsUpTo(row.list, offset)).equals(bytes)).toBe(true);
  });

  it('refuses more parts than the store allows', async () => {
    const deps = { target: store.target(), rules: { ...rules, mostParts: 1 }, memory };
    const body = mebibytes(randomBytes(17 * MIB));
    const { offset, failure } = await writeParts(deps, row.take(), { body, context: row.context() });
    expect([offset, failure?.kind]).toEqual([8 * MIB, 'full']);
  });

  it('reads few parts of many for each of many short requests, and all of them once, at the end', async () => {
    const parts = 30;
    const bytes = randomBytes((parts + 1) * 5 * MIB);
    const small = partRules({
      partSize: 5 * MIB,
      least: 5 * MIB,
      largest: 5 * 1024 * MIB,
      mostParts: 10_000,
    });
    row.length = bytes.length;
    let last: PartsResult['last'];
    for (let at = 0; at < bytes.length; at += 2.5 * MIB) {
      const deps = { target: store.target(), rules: small, memory };
      const body = batchesOf(bytes.subarray(at, at + 2.5 * MIB));
      const result = await writeParts(deps, row.take(), { body, context: row.context() });
      last = result.last;
      if (!last) row.offset = result.offset;
    }
    expect(store.bytesOf(last?.parts ?? [])).toHaveLength(parts * 5 * MIB);
    await last?.free();
    // One statement for each request but the first.
    const [whole, ...windows] = row.partsRead.toReversed();
    expect(whole).toBeGreaterThanOrEqual(parts);
    expect(windows).toHaveLength(2 * parts + 1);
    expect(Math.max(...windows)).toBeLessThanOrEqual(4);
  });

  it('takes bytes that are lost for lost only if the store says so', async () => {
    await append(batchesOf(randomBytes(MIB)));
    store.tails.clear();
    const { offset, failure } = await append(batchesOf(randomBytes(MIB)));
    expect([offset, failure?.kind]).toEqual([MIB, 'missing']);
  });

  it('forgets the bytes beyond the offset for good, which did not verify', async () => {
    const bytes = randomBytes(2 * MIB);
    await append(batchesOf(bytes.subarray(0, MIB)));
    await append(batchesOf(randomBytes(MIB)));
    row.offset = MIB;
    row.length = 2 * MIB;
    const { last } = await append(batchesOf(bytes.subarray(MIB)));
    await last?.free();
    // Dies here: the row says that the upload is finishing, and what is looked for is not there.
    expect(() => partsUpTo(row.list, 2 * MIB)).toThrow('No part on record');
    expect(store.bytesOf(partsUpTo(row.list, MIB)).equals(bytes.subarray(0, MIB))).toBe(true);
  });

  it('makes what it has gathered durable as a tail when it is asked to let go', async () => {
    const letGo = new AbortController();
    async function* body() {
      yield [randomBytes(MIB)];
      letGo.abort('append');
      yield [randomBytes(MIB)];
      yield [randomBytes(MIB)];
    }
    expect(await append(body(), { signal: letGo.signal })).toEqual({ offset: 2 * MIB });
    expect(store.calls).toEqual(['putTail']);
  });

  describe('that is asked to let go while a call of the store hangs', () => {
    beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
    afterEach(() => void jest.useRealTimers());

    const hanging = (signal: AbortSignal | undefined) =>
      new Promise<void>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('It was given up.')));
      });

    it('ends parts after some seconds; what is durable counts, and no number is used again', async () => {
      const letGo = new AbortController();
      const bytes = randomBytes(24 * MIB);
      async function* body() {
        yield* mebibytes(bytes);
        letGo.abort('append');
        jest.advanceTimersByTime(3_000);
      }
      let puts = 0;
      const before: Gate = async (call, signal) => {
        if (call === 'put' && ++puts === 2) await hanging(signal);
      };
      const { offset, failure } = await append(body(), { before, signal: letGo.signal });
      expect([offset, failure?.kind]).toEqual([8 * MIB, 'unavailable']);
      expect(row.list.map(({ number, tag }) => [number, tag !== null])).toContainEqual([2, false]);

      const again = await append(mebibytes(bytes.subarray(offset)));
      expect(again).toEqual({ offset: 24 * MIB });
      expect(store.bytesOf(partsUpTo(row.list, 24 * MIB)).equals(bytes)).toBe(true);
    });

    it('ends a tail that is put, or read', async () => {
      const letGo = new AbortController();
      const before: Gate = async (call, signal) => {
        if (call !== 'putTail') return;
        const hung = hanging(signal);
        letGo.abort('append');
        jest.advanceTimersByTime(3_000);
        await hung;
      };
      const put = await append(batchesOf(randomBytes(MIB)), { before, signal: letGo.signal });
      expect([put.offset, put.failure?.kind]).toEqual([0, 'unavailable']);

      await append(batchesOf(randomBytes(MIB)));
      const another = new AbortController();
      const forEver: Gate = async (call) => {
        if (call !== 'readTail') return;
        setImmediate(() => {
          another.abort('append');
          jest.advanceTimersByTime(3_000);
        });
        await new Promise(() => {});
      };
      const read = await append(batchesOf(randomBytes(MIB)), { before: forEver, signal: another.signal });
      expect([read.offset, read.failure?.kind]).toEqual([MIB, 'unavailable']);
    });
  });

  it('records nothing once the lease is lost', async () => {
    const letGo = new AbortController();
    async function* body() {
      for (let at = 0; at < 8; at++) yield [randomBytes(MIB)];
      letGo.abort('lost');
      yield [randomBytes(MIB)];
    }
    const before = async (call: string) => {
      if (call === 'put' && !letGo.signal.aborted) {
        await new Promise((resolve) => letGo.signal.addEventListener('abort', resolve));
      }
    };
    expect(await append(body(), { signal: letGo.signal, before })).toEqual({ offset: 0 });
    expect([row.statements, row.told]).toEqual([[], []]);
  });

  it('removes a tail itself whose place on record somebody else has taken', async () => {
    const before = async (call: string) => void (call === 'putTail' && row.take());
    const { offset, failure } = await append(batchesOf(randomBytes(MIB)), { before });
    expect([offset, failure?.kind]).toEqual([0, 'unavailable']);
    expect(store.calls).toEqual(['putTail', 'removeTail']);
    expect(store.tails.size).toBe(0);
  });

  it('reads no further while its parts are on their way and memory is used up', async () => {
    memory = new PartMemory({ folder: folder.path, limit: 16 * MIB });
    const answer = new AbortController();
    const answered = new Promise((resolve) => answer.signal.addEventListener('abort', resolve));
    let early = 0;
    async function* body() {
      for (let pulled = 0; pulled < 64; pulled++) {
        // Two parts are on their way, and the batch behind them waits for memory.
        if (pulled === 16) setImmediate(() => setImmediate(() => answer.abort()));
        if (pulled > 16 && !answer.signal.aborted) early++;
        yield [randomBytes(MIB)];
      }
    }
    const before = async (call: string) => void (call === 'put' && (await answered));
    expect(await append(body(), { before })).toEqual({ offset: 64 * MIB });
    expect(early).toBe(0);
  });

  it('puts a part into a temporary file when others have the memory', async () => {
    memory = new PartMemory({ folder: folder.path, limit: 10 * MIB });
    const others = memory.take(9 * MIB);
    row.length = 20 * MIB;
    const bytes = randomBytes(20 * MIB);
    const { last } = await append(mebibytes(bytes));
    const end = last?.bytes ? await bytesOf(last.bytes) : Buffer.alloc(0);
    expect(typeof last?.bytes?.body).toBe('function');
    expect(Buffer.concat([store.bytesOf(last?.parts ?? []), end]).equals(bytes)).toBe(true);
    await last?.free();
    if (others) memory.give(others);
  });

  it('fails the append, and nothing else, when there is no place for a temporary file', async () => {
    memory = new PartMemory({ folder: `${folder.path}/nowhere`, limit: 0 });
    const { offset, failure } = await append(batchesOf(randomBytes(MIB)));
    expect([offset, failure?.kind]).toEqual([0, 'unavailable']);
  });
});
