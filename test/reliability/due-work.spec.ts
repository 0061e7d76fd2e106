import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageError } from '../../src/index.js';
import { newUpload } from '../repository/fixtures.js';
import { Engine } from './engine.js';
import { failingOnce, gate } from './faults.js';

const AWAY = new StorageError('unavailable', 'the disk is away');

describe('a round of maintenance', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  /** Merges that end only when they are asked to let go. */
  function mergesWithoutEnd(): void {
    engine.storage.concatenate = async (_real, _final, _sources, { signal }) => {
      if (!signal.aborted) await once(signal, 'abort');
      throw AWAY;
    };
  }

  /** A deleted upload whose bytes could not be freed at once. */
  async function unfreed(): Promise<string> {
    const id = await engine.begun('he', 5);
    engine.storage.remove = () => Promise.reject(AWAY);
    await engine.uploads.terminate(id);
    await engine.idle();
    delete engine.storage.remove;
    expect(await engine.row(id)).toMatchObject({ state: 'terminating' });
    return id;
  }

  it('TER-06 frees a deleted upload although a merge runs without end', async () => {
    await engine.leftMerge([await engine.partial('one')]);
    mergesWithoutEnd();
    await engine.maintain();
    const id = await deletedMeanwhile();
    await engine.maintain();
    expect(await engine.row(id)).toMatchObject({ state: 'gone' });
  });

  it('reaches all that is left although more merges than a round looks at wait before it', async () => {
    const partialIds = [await engine.partial('one')];
    for (let count = 0; count < 105; count += 1) await engine.leftMerge(partialIds);
    mergesWithoutEnd();
    const removed = await deletedMeanwhile();
    const { id } = newUpload();
    const cut = newUpload({ id, key: id, storage: 'default', length: 5, state: 'finishing' });
    await engine.repository.insert(cut);
    await engine.maintain();
    expect(await engine.row(removed)).toMatchObject({ state: 'gone' });
    expect(await engine.uploads.get(id)).toMatchObject({ state: 'open' });
  });

  /** Deleted without a process that could free it. */
  async function deletedMeanwhile(): Promise<string> {
    const id = await engine.begun('he', 5);
    const leased = await engine.repository.take(id, 'another process', { states: ['open'] });
    expect(await engine.repository.terminate(id, leased?.epoch)).toBe('done');
    return id;
  }

  it('TER-06 frees at last what could not be freed at once', async () => {
    const id = await unfreed();
    await engine.maintain();
    expect(await engine.row(id)).toMatchObject({ state: 'gone', ending: 'terminated' });
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('CON-27 one partial that cannot be removed keeps the bytes of no other', async () => {
    const partialIds = await Promise.all(Array.from('abcdefghijklmnop', (letter) => engine.partial(letter)));
    const [, stubborn = ''] = partialIds;
    engine.storage.remove = (real, { id }) => (id === stubborn ? Promise.reject(AWAY) : real());
    const final = await engine.uploads.concatenate({ partialIds });
    await engine.idle();
    expect(await engine.object(final.id)).toBe('abcdefghijklmnop');
    for (const id of partialIds) {
      const content = id === stubborn ? 'releasing' : 'released';
      expect(await engine.row(id)).toMatchObject({ content, pins: 0 });
    }
    expect(await engine.workingFiles()).toEqual([stubborn]);

    await engine.maintain();
    expect(await engine.row(stubborn)).toMatchObject({ content: 'releasing' });
    delete engine.storage.remove;
    await engine.maintain();
    expect(await engine.row(stubborn)).toMatchObject({ content: 'released' });
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('CON-29 removes no partial that another unfinished final still reads', async () => {
    const [one, two] = [await engine.partial('one,'), await engine.partial('two')];
    const [taking, reading, take, read] = [gate(), gate(), gate(), gate()];
    engine.storage.concatenate = async (real, _final, sources) => {
      const [mine, next] = sources.length === 1 ? [taking, take] : [reading, read];
      mine.open();
      await next.opened;
      return real();
    };
    const taker = engine.uploads.concatenate({ partialIds: [one] });
    await taking.opened;
    const reader = engine.uploads.concatenate({ partialIds: [two, one] });
    await reading.opened;
    take.open();
    expect(await taker).toMatchObject({ state: 'complete' });
    await engine.maintain();
    expect(await engine.row(one)).toMatchObject({ content: 'releasing', pins: 1 });
    expect(await engine.workingFiles()).toContain(one);

    read.open();
    expect(await engine.object((await reader).id)).toBe('twoone,');
    await engine.idle();
    await engine.maintain();
    expect(await engine.row(one)).toMatchObject({ content: 'released', pins: 0 });
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('is told of a fault that goes by, and does the rest of the round', async () => {
    const id = await unfreed();
    engine.rows.releasing = failingOnce(AWAY);
    engine.rows.forgetTombstones = failingOnce(AWAY);
    await engine.maintain();
    expect(await engine.row(id)).toMatchObject({ state: 'gone' });
  });
});

describe('a hook that never returns', () => {
  it('keeps no other event from being delivered again (promise 5)', async () => {
    const [hanging, again, end] = [gate(), gate(), gate()];
    const calls = new Map<string, number>();
    const engine = await Engine.start({
      hook: async ({ id, rawMetadata }) => {
        const call = (calls.get(id) ?? 0) + 1;
        calls.set(id, call);
        if (call === 1) throw new Error('not at the first time');
        if (rawMetadata !== 'hangs') return again.open();
        hanging.open();
        await end.opened;
      },
    });
    const hangs = await engine.uploads.create({ length: 0, metadata: 'hangs' });
    await failedOnce(hangs.id);
    await engine.lapseDeliveries();
    await engine.maintain();
    await hanging.opened;

    const other = await engine.uploads.create({ length: 0 });
    await failedOnce(other.id);
    await engine.lapseDeliveries();
    await engine.maintain();
    await again.opened;
    expect(calls).toEqual(
      new Map([
        [hangs.id, 2],
        [other.id, 2],
      ]),
    );
    end.open();
    await engine.stop();

    /** Until the relay has noted that the hook threw. */
    async function failedOnce(id: string): Promise<void> {
      const postponed = 'SELECT attempts FROM tus_delivery WHERE upload_id = ? AND attempts = 1';
      while ((await engine.connection.query(postponed, [id])).length === 0);
    }
  });
});
