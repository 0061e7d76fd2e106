import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  KeyConflictError,
  StorageError,
  StorageFullError,
  StorageUnavailableError,
} from '../../src/index.js';
import type { FileCalls } from '../../src/storage/local/file-calls.js';
import { nodeFileCalls } from '../../src/storage/local/file-calls.js';
import { bodyOf, Engine } from './engine.js';
import { DATABASE_AWAY, failingOnce } from './faults.js';

const MIB = 1024 * 1024;

describe('a POST with a body that fails leaves nothing behind (CRE-22, promise 4)', () => {
  let engine: Engine;
  let calls: Partial<FileCalls>;

  beforeEach(async () => {
    calls = {};
    const writev: FileCalls['writev'] = (...input) => (calls.writev ?? nodeFileCalls.writev)(...input);
    engine = await Engine.start({ calls: { writev } });
  });
  afterEach(() => engine.stop());

  const post = (length: number) =>
    engine.uploads.create({
      length,
      body: bodyOf(...Array.from({ length: length / MIB }, () => Buffer.alloc(MIB))),
      contentLength: length,
    });

  /** No row, no file, no object, neither now nor after the work that is due. */
  async function expectNothing(): Promise<void> {
    await engine.idle();
    await engine.maintain();
    expect(await engine.repository.list({ limit: 10 })).toEqual([]);
    expect(await engine.workingFiles()).toEqual([]);
    expect(await readdir(engine.directory)).toEqual(['.tus']);
  }

  it('where the disk is full in its middle', async () => {
    let written = 0;
    calls.writev = (...input) => {
      if (written++ < 1) return nodeFileCalls.writev(...input);
      return Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
    };
    await expect(post(3 * MIB)).rejects.toThrow(StorageFullError);
    await expectNothing();
  });

  it('where the object cannot be published', async () => {
    engine.storage.complete = failingOnce(new StorageError('unavailable', 'the disk is away'));
    await expect(post(MIB)).rejects.toThrow(StorageUnavailableError);
    await expectNothing();
  });

  it('where it never can be, because another object has its key', async () => {
    engine.storage.complete = failingOnce(new StorageError('conflict', 'there is another object'));
    await expect(post(MIB)).rejects.toThrow(KeyConflictError);
    await expectNothing();
  });

  it('where an empty object cannot be published', async () => {
    engine.storage.complete = failingOnce(new StorageError('full', 'no inode is left'));
    await expect(engine.uploads.create({ length: 0 })).rejects.toThrow(StorageFullError);
    await expectNothing();
  });

  it('where the storage throws what it does not declare', async () => {
    engine.storage.append = failingOnce(new TypeError('a fault of the program'));
    await expect(post(MIB)).rejects.toThrow(TypeError);
    await expectNothing();
  });

  it('where the statement that announces the publication fails', async () => {
    engine.rows.write = failingOnce(DATABASE_AWAY, (_id, _epoch, { state }) => state === 'finishing');
    const unannounced = engine.uploads.create({ length: 5, body: bodyOf('hello') });
    await expect(unannounced).rejects.toThrow(DATABASE_AWAY);
    await expectNothing();
  });

  it('where the removal fails at first: maintenance does it later', async () => {
    engine.storage.complete = failingOnce(new StorageError('unavailable', 'the disk is away'));
    engine.storage.remove = failingOnce(new StorageError('unavailable', 'the disk is away'));
    await expect(post(MIB)).rejects.toThrow(StorageUnavailableError);
    await engine.maintain();
    expect(await engine.uploads.list()).toEqual([]);
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('but removes nothing of an upload that meanwhile belongs to another process', async () => {
    let id = '';
    engine.storage.append = async (real, upload) => {
      ({ id } = upload);
      await real();
      await engine.lapse(id);
      await engine.repository.take(id, 'another process', { states: ['open', 'finishing'] });
      throw new TypeError('a fault of the program');
    };
    await expect(post(MIB)).rejects.toThrow(TypeError);
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'finishing', leaseHolder: 'another process' });
    expect(await engine.workingFiles()).toEqual([id]);
  });
});
