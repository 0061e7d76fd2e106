import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StorageFullError } from '../../../src/index.js';
import { Failures } from '../../../src/storage/local/failures.js';
import type { ConcatSource, StoredUpload } from '../../../src/storage/upload-storage.js';
import { batches, Bench, fault, partial, Row, text } from './support.js';

const signal = new AbortController().signal;

describe('a working folder that is away for a moment', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(() => bench.close());

  const away = () => rename(bench.workPath(''), join(bench.directory, 'elsewhere'));
  const back = () => rename(join(bench.directory, 'elsewhere'), bench.workPath(''));
  const unavailable = { kind: 'unavailable' };

  const source = (upload: StoredUpload, adoptable: boolean): ConcatSource => ({
    upload,
    start: 0,
    length: upload.offset,
    adoptable,
  });

  /** A row whose first writer never said that it had stopped, and that has two segments since. */
  async function fencedRow(): Promise<Row> {
    const row = new Row({ id: 'fenced' });
    await row.append(bench.storage, 'abc');
    const next = row.taken();
    await next.append(bench.storage, 'def', true);
    return next;
  }

  test.each([
    ['that has no file yet', '', false],
    ['whose file is in it', 'abc', false],
    ['whose writer before was silent', 'abc', true],
    ['whose writer before was silent, without a byte', '', true],
  ])('keeps the offset of an upload %s', async (_, content, fenced) => {
    const row = new Row({ id: 'up' });
    await row.append(bench.storage, content);
    const next = fenced ? row.taken() : row;
    await away();
    const offset = content.length;
    expect(await next.append(bench.storage, 'def', fenced)).toMatchObject({ offset, failure: unavailable });
    await back();
    expect(await next.append(bench.storage, 'def', false)).not.toHaveProperty('failure');
    await bench.storage.complete(next.whole().upload);
    expect(await bench.object('up')).toBe(`${content}def`);
  });

  test.each(['single', 'partial'] as const)('completes a %s once it is back', async (kind) => {
    const row = new Row({ id: 'up', kind });
    await row.append(bench.storage, 'abc');
    await away();
    await expect(bench.storage.complete(row.whole().upload)).rejects.toMatchObject(unavailable);
    await back();
    await bench.storage.complete(row.upload);
  });

  test('completes an empty upload, and one of several segments, once it is back', async () => {
    const [empty, fenced] = [new Row({ id: 'empty' }).whole(0), (await fencedRow()).whole()];
    await away();
    await expect(bench.storage.complete(empty.upload)).rejects.toMatchObject(unavailable);
    await expect(bench.storage.complete(fenced.upload)).rejects.toMatchObject(unavailable);
    await back();
    await bench.storage.complete(empty.upload);
    await bench.storage.complete(fenced.upload);
    expect(await bench.object('fenced')).toBe('abcdef');
  });

  test.each([true, false])('merges once it is back (adoptable: %p)', async (adoptable) => {
    const sources = [await partial(bench.storage, 'one', 'abc'), await partial(bench.storage, 'two', 'def')];
    const list = sources.map((upload, index) => source(upload, adoptable && index === 0));
    const row = new Row({ id: 'final', kind: 'final', length: 6 });
    await away();
    await expect(
      bench.storage.concatenate(row.upload, list, row.context(false, signal)),
    ).rejects.toMatchObject(unavailable);
    await back();
    await bench.storage.concatenate(row.upload, list, row.context(false, signal));
    await bench.storage.complete(row.whole(6).upload);
    expect(await bench.object('final')).toBe('abcdef');
  });

  test('reads a partial once it is back', async () => {
    const upload = await partial(bench.storage, 'one', 'abc');
    await away();
    await expect(bench.storage.read(upload)).rejects.toMatchObject(unavailable);
    await back();
    expect(await text(bench.storage.read(upload))).toBe('abc');
  });

  test('frees nothing before it is back: bytes must not stay behind a tombstone', async () => {
    const row = new Row({ id: 'up' });
    await row.append(bench.storage, 'abc');
    await away();
    await expect(bench.storage.remove(row.upload, false)).rejects.toMatchObject(unavailable);
    await expect(bench.storage.remove((await other()).upload, true)).rejects.toMatchObject(unavailable);
    await expect(bench.storage.discardWork(row.upload)).rejects.toMatchObject(unavailable);
    await expect(bench.storage.sweep(async () => new Set())).rejects.toMatchObject(unavailable);
    await back();
    await bench.storage.remove(row.upload, false);
    expect(await bench.working()).toEqual([]);
  });

  /** One whose object is under its key. */
  async function other(): Promise<Row> {
    await writeFile(join(bench.directory, 'other'), 'abc');
    return new Row({ id: 'other' }).whole(3);
  }

  test('is told from bytes that are lost', async () => {
    const row = new Row({ id: 'up' });
    await row.append(bench.storage, 'abc');
    await rm(bench.workPath('up'));
    expect(await row.append(bench.storage, 'def')).toMatchObject({ offset: 3, failure: { kind: 'missing' } });
    await expect(bench.storage.complete(row.whole().upload)).rejects.toMatchObject({ kind: 'missing' });
  });

  test('may be back when it is looked for: a file that is there is not lost', async () => {
    await writeFile(bench.workPath('up'), 'abc');
    const failures = new Failures(bench.workPath(''));
    const error = (name: string) => Object.assign(fault('ENOENT'), { path: bench.workPath(name) });
    expect(await failures.of(error('up'), 'a file')).toMatchObject(unavailable);
    expect(await failures.of(error('gone'), 'a file')).toMatchObject({ kind: 'missing' });
  });

  test('a folder of the object that goes while it is published costs no bytes', async () => {
    const row = new Row({ id: 'up', key: 'a/up' });
    await row.append(bench.storage, 'abc');
    const storage = bench.again({
      link: (existing) => Promise.reject(Object.assign(fault('ENOENT'), { path: existing })),
    });
    await expect(storage.complete(row.whole().upload)).rejects.toMatchObject(unavailable);
    await bench.storage.complete(row.upload);
    expect(await bench.object('a/up')).toBe('abc');
  });

  test('a folder that goes before a new file is created in it costs no bytes', async () => {
    const row = new Row({ id: 'up', key: 'a/up' });
    await row.append(bench.storage, 'abc');
    let gone = false;
    const storage = bench.again({
      link: async () => {
        if (!gone) await rm(join(bench.directory, 'a'), { recursive: true });
        gone = true;
        throw fault('EPERM');
      },
    });
    await expect(storage.complete(row.whole().upload)).rejects.toMatchObject(unavailable);
    await storage.complete(row.upload);
    expect(await bench.object('a/up')).toBe('abc');
  });
});

test('a row that could not be written on a full disk is no fault of the file system', async () => {
  const bench = await Bench.open();
  const row = new Row({ id: 'up', epoch: 2 });
  const context = { ...row.context(true), record: () => Promise.reject(new StorageFullError()) };
  await expect(bench.storage.append(row.upload, batches('abc'), context)).rejects.toThrow(StorageFullError);
  await expect(bench.storage.concatenate(row.upload, [], context)).rejects.toThrow(StorageFullError);
  await bench.close();
});
