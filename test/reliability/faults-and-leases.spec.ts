import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageError, StorageUnavailableError, UploadNotFoundError } from '../../src/index.js';
import { newUpload } from '../repository/fixtures.js';
import { Engine } from './engine.js';
import { DATABASE_AWAY, failingOnce } from './faults.js';

describe('a lease is given back, and the next request goes on,', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  const isFree = async (id: string) => (await engine.row(id)).leaseHolder === null;

  it('after the statement that announces the publication has failed', async () => {
    const { id } = await engine.uploads.create({ length: 5 });
    engine.rows.write = failingOnce(DATABASE_AWAY, (_id, _epoch, { state }) => state === 'finishing');
    await expect(engine.append(id, 0, 'hello')).rejects.toThrow(DATABASE_AWAY);
    expect(await isFree(id)).toBe(true);
    const { offset } = await engine.uploads.get(id);
    expect(await engine.append(id, offset, 'hello'.slice(offset))).toMatchObject({ state: 'complete' });
    expect(await engine.object(id)).toBe('hello');
  });

  it('after the statement that completes has failed: maintenance finds the published object', async () => {
    const { id } = await engine.uploads.create({ length: 5 });
    engine.rows.write = failingOnce(DATABASE_AWAY, (_id, _epoch, { state }) => state === 'complete');
    await expect(engine.append(id, 0, 'hello')).rejects.toThrow(DATABASE_AWAY);
    // The statement that would have given the lease back is the one that failed: the lease runs out.
    await engine.lapse(id);
    await engine.maintain();
    expect(await engine.uploads.get(id)).toMatchObject({ state: 'complete', offset: 5 });
    expect(await engine.object(id)).toBe('hello');
  });

  it('after a storage has thrown what it does not declare', async () => {
    const { id } = await engine.uploads.create({ length: 5 });
    engine.storage.append = failingOnce(new TypeError('a fault of the program'));
    await expect(engine.append(id, 0, 'hello')).rejects.toThrow('a fault of the program');
    expect(await isFree(id)).toBe(true);
    expect(await engine.append(id, 0, 'hello')).toMatchObject({ state: 'complete' });
  });

  it('TER-06 after the statement that deletes has failed', async () => {
    const id = await engine.begun('he', 5);
    engine.rows.terminate = failingOnce(DATABASE_AWAY);
    await expect(engine.uploads.terminate(id)).rejects.toThrow(DATABASE_AWAY);
    expect(await isFree(id)).toBe(true);
    expect(await engine.append(id, 2, 'l')).toMatchObject({ offset: 3 });
    await engine.uploads.terminate(id);
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'gone', ending: 'terminated' });
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('after recovery could not publish: the next round can, and so can a client', async () => {
    const left = { storage: 'default', length: 5 };
    const [one, two] = [await engine.begun('', 5), newUpload(left).id];
    await engine.repository.insert(newUpload({ ...left, id: two, state: 'finishing' }));
    await whole(one);
    engine.storage.complete = () => Promise.reject(new StorageError('unavailable', 'the disk is away'));
    await engine.maintain();
    expect(await Promise.all([isFree(one), isFree(two)])).toEqual([true, true]);

    delete engine.storage.complete;
    await engine.maintain();
    expect(await engine.uploads.get(one)).toMatchObject({ state: 'complete', offset: 5 });
    await engine.uploads.terminate(two);
    await expect(engine.uploads.get(two)).rejects.toThrow(UploadNotFoundError);
  });

  /** Brings an upload to where a crash between publication and completion leaves it. */
  async function whole(id: string): Promise<void> {
    engine.storage.complete = failingOnce(new StorageError('unavailable', 'the disk is away'));
    await expect(engine.append(id, 0, 'hello')).rejects.toThrow(StorageUnavailableError);
    expect(await engine.row(id)).toMatchObject({ state: 'finishing', leaseHolder: null });
  }

  it('CON-30 after a merge could neither be completed nor undone: a retried POST ends it', async () => {
    const partialIds = [await engine.partial('one,'), await engine.partial('two')];
    engine.rows.completeFinal = failingOnce(DATABASE_AWAY);
    engine.rows.failFinal = failingOnce(DATABASE_AWAY);
    await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow(DATABASE_AWAY);
    const [left] = await engine.uploads.list({ kind: 'final' });
    expect(await isFree(left?.id ?? '')).toBe(true);

    const final = await engine.uploads.concatenate({ partialIds });
    expect(final).toMatchObject({ id: left?.id, state: 'complete', offset: 7 });
    expect(await engine.object(final.id)).toBe('one,two');
    await engine.idle();
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('after such a merge the final can be deleted, and then its partials', async () => {
    const partialIds = [await engine.partial('one,'), await engine.partial('two')];
    engine.rows.completeFinal = failingOnce(DATABASE_AWAY);
    engine.rows.failFinal = failingOnce(DATABASE_AWAY);
    await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow(DATABASE_AWAY);
    const [left] = await engine.uploads.list({ kind: 'final' });
    await engine.uploads.terminate(left?.id ?? '');
    for (const id of partialIds) await engine.uploads.terminate(id);
    await engine.idle();
    expect(await engine.uploads.list()).toEqual([]);
    expect(await engine.workingFiles()).toEqual([]);
  });
});
