import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { truncate } from 'node:fs/promises';
import { Bench, ManualBody, Row } from './support.js';

/** Writers that never said that they had stopped. */
describe('taking over a local upload', () => {
  let bench: Bench;
  let first: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    first = new Row({ id: 'up' });
    await first.append(bench.storage, 'abc');
  });
  afterEach(() => bench.close());

  test('the new segment is on record before it exists', async () => {
    const second = first.taken();
    const seen: string[][] = [];
    const context = {
      ...second.context(true),
      record: async (reference: string) => void seen.push([reference, ...(await bench.working())]),
    };
    const body = new ManualBody();
    body.give('d');
    body.end();
    await bench.storage.append(second.upload, body, context);
    expect(seen).toEqual([['[[0,0],[2,3]]', 'up']]);
    expect(await bench.working()).toEqual(['up', 'up.2']);
  });

  test('after an orderly hand-over the same segment goes on', async () => {
    const second = first.taken();
    await second.append(bench.storage, 'def', true);
    const third = second.taken();
    await third.append(bench.storage, 'ghi');
    expect(third.upload.reference).toBe('[[0,0],[2,3]]');
    await bench.storage.complete(third.whole().upload);
    expect(await bench.object('up')).toBe('abcdefghi');
  });

  test('a second append of the same holder stays in its segment', async () => {
    const second = first.taken();
    await second.append(bench.storage, 'def', true);
    await second.append(bench.storage, 'ghi', true);
    expect(second.upload.reference).toBe('[[0,0],[2,3]]');
    await bench.storage.complete(second.whole().upload);
    expect(await bench.object('up')).toBe('abcdefghi');
  });

  test('several take-overs, also at the same offset, end in one object without leftovers', async () => {
    const paused = new ManualBody();
    const second = first.taken();
    const writing = bench.storage.append(second.upload, paused, second.context(true));
    paused.give('NOT COUNTED');
    paused.end();
    await writing;
    const third = new Row({ ...second.upload, epoch: 3 });
    await third.append(bench.storage, 'de', true);
    const fourth = third.taken();
    await fourth.append(bench.storage, 'f', true);
    expect(fourth.upload.reference).toBe('[[0,0],[3,3],[4,5]]');
    expect(await bench.working()).toEqual(['up', 'up.2', 'up.3', 'up.4']);
    await bench.storage.complete(fourth.whole().upload);
    expect(await bench.object('up')).toBe('abcdef');
    await bench.storage.discardWork(fourth.upload);
    expect(await bench.working()).toEqual([]);
  });

  test('a take-over at offset 0 begins a file of its own, which is published as it is', async () => {
    const second = new Row({ id: 'other', epoch: 2 });
    await second.append(bench.storage, 'abc', true);
    expect(second.upload.reference).toBe('[[2,0]]');
    await bench.storage.complete(second.whole().upload);
    expect(await bench.object('other')).toBe('abc');
    expect(await bench.working()).toEqual(['other.2', 'up']);
  });

  test('a power loss in an earlier segment is seen before more bytes are taken', async () => {
    await truncate(bench.workPath('up'), 1);
    const second = first.taken();
    expect(await second.append(bench.storage, 'def', true)).toMatchObject({
      offset: 3,
      failure: { kind: 'missing' },
    });
    expect(await bench.working()).toEqual(['up']);
  });
});
