import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { constants } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import { Bench, fault, Row } from './support.js';

describe('the append of the last byte', () => {
  let bench: Bench;
  let row: Row;
  beforeEach(async () => {
    bench = await Bench.open();
    row = new Row({ id: 'up', length: 6 });
  });
  afterEach(() => bench.close());

  test('makes all bytes safe while the file is open, so that completion only publishes', async () => {
    const steps: string[] = [];
    const storage = bench.again({
      datasync: async (handle) => (steps.push('sync'), nodeFileCalls.datasync(handle)),
      link: async (from, to) => (steps.push('link'), nodeFileCalls.link(from, to)),
    });
    expect(await row.append(storage, 'abc')).toEqual({ offset: 3 });
    const { finish } = await row.append(storage, 'def');
    await finish?.complete();
    expect(steps).toEqual(['sync', 'link']);
    expect(await bench.object('up')).toBe('abcdef');
  });

  test('waits for the disk in its one write where that brings all of the upload', async () => {
    const steps: string[] = [];
    const storage = bench.again({
      writev: async (handle, buffers, position) => {
        const flags = /flags:\s+(\d+)/.exec(
          await readFile(`/proc/self/fdinfo/${handle.fd}`, 'utf8').catch(() => ''),
        );
        // Only Linux tells how a file was opened.
        if (flags)
          steps.push((parseInt(flags[1] ?? '', 8) & constants.O_DSYNC) === 0 ? 'write' : 'durable write');
        return nodeFileCalls.writev(handle, buffers, position);
      },
      datasync: async (handle) => (steps.push('sync'), nodeFileCalls.datasync(handle)),
    });
    expect(await row.append(storage, 'abcdef')).toMatchObject({ offset: 6, finish: {} });
    // Elsewhere no write reaches the disk by itself.
    expect(steps).toEqual(process.platform === 'linux' ? ['durable write'] : ['sync']);
    const large = new Row({ id: 'large', length: 7 });
    await large.append(storage, 'abcdef');
    expect(steps.filter((step) => step === 'durable write').length).toBeLessThan(2);
  });

  test('says nothing of the sort where the length is not known yet', async () => {
    const deferred = new Row({ id: 'deferred' });
    expect(await deferred.append(bench.storage, 'abcdef')).toEqual({ offset: 6 });
  });

  test('leaves it to completion to cut off what a crash has left behind the end', async () => {
    await row.append(bench.storage, 'abc');
    await appendFile(bench.workPath('up'), 'LEFTOVER');
    expect(await row.append(bench.storage, 'def')).toEqual({ offset: 6 });
    await bench.storage.complete(row.upload);
    expect(await bench.object('up')).toBe('abcdef');
  });

  test('overwrites what a crash has left before the end', async () => {
    await row.append(bench.storage, 'abc');
    await appendFile(bench.workPath('up'), 'XY');
    const { finish } = await row.append(bench.storage, 'def');
    await finish?.complete();
    expect(await bench.object('up')).toBe('abcdef');
  });

  test('leaves bytes in two files to completion', async () => {
    await row.append(bench.storage, 'abc');
    row = row.taken();
    expect(await row.append(bench.storage, 'def', true)).toEqual({ offset: 6 });
    await bench.storage.complete(row.upload);
    expect(await bench.object('up')).toBe('abcdef');
  });

  test('that cannot be made safe is a failure', async () => {
    const storage = bench.again({ datasync: async () => Promise.reject(fault('EIO')) });
    await row.append(storage, 'abc');
    expect(await row.append(storage, 'def')).toMatchObject({ failure: { kind: 'unavailable' } });
    await expect(bench.object('up')).rejects.toThrow('ENOENT');
  });

  test('does not publish over another object', async () => {
    const { finish } = await row.append(bench.storage, 'abcdef');
    const other = new Row({ id: 'other', key: 'up', length: 1 });
    const others = await other.append(bench.storage, 'x');
    await others.finish?.complete();
    await expect(finish?.complete()).rejects.toMatchObject({ kind: 'conflict' });
    expect(await bench.object('up')).toBe('x');
  });
});
