import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { truncate } from 'node:fs/promises';
import { Bench, ManualBody, Row, text } from './support.js';

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

  test('a writer that wakes up after its successor has finished changes nothing', async () => {
    const paused = new ManualBody();
    const writing = bench.storage.append(first.upload, paused, first.context());
    const second = first.taken();
    await second.append(bench.again(), 'DEFG', true);
    paused.give('xxxxxxxxx');
    await bench.storage.complete(second.whole().upload);
    paused.give('yyyyyyyyy');
    paused.end();
    await writing;
    expect(await bench.object('up')).toBe('abcDEFG');
    await bench.storage.discardWork(second.upload);
    expect(await bench.working()).toEqual([]);
  });

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

  test('a crash between the record and the new file is gone on from', async () => {
    const crashed = { ...first.taken().upload, reference: '[[0,0],[2,3]]' };
    const orderly = new Row({ ...crashed, epoch: 3 });
    await orderly.append(bench.storage, 'def');
    expect(orderly.upload).toMatchObject({ offset: 6, reference: '[[0,0],[2,3]]' });
    await bench.storage.complete(orderly.whole().upload);
    expect(await bench.object('up')).toBe('abcdef');
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

  test('a take-over that brings no bytes still keeps the first writer away from the next', async () => {
    const paused = new ManualBody();
    const writing = bench.storage.append(first.upload, paused, first.context());
    const second = first.taken();
    await second.append(bench.storage, '', true);
    const third = second.taken();
    await third.append(bench.storage, 'DEF');
    paused.give('xxxxxxxxx');
    paused.end();
    await writing;
    await bench.storage.complete(third.whole().upload);
    expect(await bench.object('up')).toBe('abcDEF');
  });

  test('a writer that goes on behind the end of a deferred upload does not reach the object', async () => {
    const paused = new ManualBody();
    const writing = bench.storage.append(first.upload, paused, first.context());
    const second = first.taken();
    await second.append(bench.storage, '', true);
    await bench.storage.complete(second.whole(3).upload);
    paused.give('xxx');
    paused.end();
    await writing;
    expect(await bench.object('up')).toBe('abc');
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

  test('a partial of several segments is read, whole and in ranges', async () => {
    const row = new Row({ id: 'part', kind: 'partial', length: 9 });
    await row.append(bench.storage, 'abc');
    const second = row.taken();
    await second.append(bench.storage, 'def', true);
    const third = second.taken();
    await third.append(bench.storage, 'ghi', true);
    await bench.storage.complete(third.upload);
    expect(await text(bench.storage.read(third.upload))).toBe('abcdefghi');
    expect(await text(bench.storage.read(third.upload, { start: 2, end: 6 }))).toBe('cdefg');
    expect(await text(bench.storage.read(third.upload, { start: 3, end: 5 }))).toBe('def');
  });
});
