import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  KeyConflictError,
  OffsetConflictError,
  StorageError,
  StorageFullError,
  UploadGoneError,
} from '../../src/index.js';
import { nodeFileCalls } from '../../src/storage/local/file-calls.js';
import { newUpload } from '../repository/fixtures.js';
import { bodyOf, Engine } from './engine.js';
import { gate } from './faults.js';

const MIB = 1024 * 1024;

describe('publication', () => {
  let engine: Engine;
  let afterWrite: () => Promise<void>;

  beforeEach(async () => {
    afterWrite = async () => undefined;
    engine = await Engine.start({
      calls: {
        writev: async (...input) => {
          const written = await nodeFileCalls.writev(...input);
          await afterWrite();
          return written;
        },
      },
    });
  });
  afterEach(() => engine.stop());

  /** What is left of an upload that can never be completed. */
  async function expectFailed(id: string): Promise<void> {
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'gone', ending: 'failed', leaseHolder: null });
    await expect(engine.uploads.get(id)).rejects.toThrow(UploadGoneError);
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow(UploadGoneError);
    await expect(engine.uploads.terminate(id)).rejects.toThrow(UploadGoneError);
    expect(await engine.uploads.find(id)).toBeUndefined();
    expect(await engine.workingFiles()).toEqual([]);
  }

  it('under a key that a foreign object has taken frees the upload, answers 410, and leaves the object', async () => {
    const id = await engine.begun('he', 5);
    await writeFile(join(engine.directory, id), 'foreign');
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow(KeyConflictError);
    await expectFailed(id);
    expect(await engine.object(id)).toBe('foreign');
  });

  it('of an upload whose bytes are lost frees it, and answers 410', async () => {
    const id = await engine.begun('he', 5);
    await truncate(join(engine.workFolder, id), 1);
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow(UploadGoneError);
    await expectFailed(id);
  });

  it('that failed for ever is freed by maintenance, where it could not be freed at once', async () => {
    const id = await engine.begun('he', 5);
    await writeFile(join(engine.directory, id), 'foreign');
    engine.storage.remove = () => Promise.reject(new StorageError('unavailable', 'the disk is away'));
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow(KeyConflictError);
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'terminating', ending: 'failed', leaseHolder: null });
    delete engine.storage.remove;
    await engine.maintain();
    await expectFailed(id);
  });

  it.each(['single', 'partial'])('of a %s shows in HEAD only once it is over', async (kind) => {
    const { id } = await engine.uploads.create({ length: 5, partial: kind === 'partial' });
    const [publishing, goOn] = [gate(), gate()];
    engine.storage.complete = async (real) => {
      publishing.open();
      await goOn.opened;
      return real();
    };
    const patched = engine.append(id, 0, 'hello');
    await publishing.opened;
    await engine.locker.beat();
    const head = await engine.uploads.get(id);
    expect(head.state).not.toBe('complete');
    expect(head.offset).toBeLessThan(5);
    goOn.open();
    expect(await patched).toMatchObject({ state: 'complete', offset: 5 });
    expect(await engine.uploads.get(id)).toMatchObject({ state: 'complete', offset: 5 });
  });

  it('CORE-23 a fault behind the very last byte takes back no offset that was told', async () => {
    const bytes = Buffer.concat([Buffer.alloc(MIB, 'a'), Buffer.alloc(MIB, 'b')]);
    const { id } = await engine.uploads.create({ length: bytes.length });
    // As often as a PATCH of minutes does it: what is durable is put on record, and told.
    afterWrite = () => engine.locker.beat();
    engine.storage.append = async (real) => {
      const result = await real();
      return { ...result, failure: new StorageError('full', 'EDQUOT while the file was closed') };
    };
    // The beat after the first block finds nothing on record yet, the one after the second finds one block.
    const body = bodyOf(bytes.subarray(0, MIB), bytes.subarray(MIB));
    const patched = engine.uploads.append(id, { offset: 0, body, contentLength: bytes.length });
    await expect(patched).rejects.toThrow(StorageFullError);
    const { offset } = await engine.uploads.get(id);
    expect(offset).toBe(MIB);

    delete engine.storage.append;
    expect(await engine.append(id, offset, bytes.subarray(offset))).toMatchObject({ state: 'complete' });
    expect((await readFile(join(engine.directory, id))).equals(bytes)).toBe(true);
  });
});

describe('an upload whose POST was cut off by a crash, before recovery has come', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  /** The row of an upload that is whole in its POST says `finishing` from the beginning. */
  async function cut(content: string): Promise<string> {
    const left = newUpload({ storage: 'default', length: 5, state: 'finishing' });
    await engine.repository.insert(left, 'gone');
    await engine.repository.write(left.id, 1, {}, true);
    if (content !== '') await writeFile(join(engine.workFolder, left.id), content);
    return left.id;
  }

  it.each(['', 'he'])('takes a PATCH of all its bytes (%p had arrived)', async (content) => {
    const id = await cut(content);
    expect(await engine.uploads.get(id)).toMatchObject({ offset: 0 });
    expect(await engine.append(id, 0, 'he')).toMatchObject({ state: 'open', offset: 2 });
    expect(await engine.append(id, 2, 'llo')).toMatchObject({ state: 'complete', offset: 5 });
    expect(await engine.object(id)).toBe('hello');
    await engine.idle();
    expect(await engine.workingFiles()).toEqual([]);
  });

  it.each(['', 'he'])(
    'never takes a foreign object of its size for its own (%p had arrived)',
    async (content) => {
      const id = await cut(content);
      await writeFile(join(engine.directory, id), 'other');
      await engine.maintain();
      await engine.idle();
      expect((await engine.uploads.find(id))?.state).not.toBe('complete');
      expect(await engine.object(id)).toBe('other');
      expect(await engine.workingFiles()).toEqual([]);
    },
  );

  it('is completed by a PATCH that comes when all bytes had arrived, and tells where it stands', async () => {
    const id = await cut('hello');
    await expect(engine.append(id, 0, 'hello')).rejects.toThrow(OffsetConflictError);
    expect(await engine.uploads.get(id)).toMatchObject({ state: 'complete', offset: 5 });
    expect(await engine.object(id)).toBe('hello');
  });

  it('is open again after a round of maintenance, too', async () => {
    const id = await cut('he');
    await engine.maintain();
    expect(await engine.uploads.get(id)).toMatchObject({ state: 'open', offset: 0 });
    expect(await engine.append(id, 0, 'hello')).toMatchObject({ state: 'complete' });
  });
});
