import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageError, UploadLockedError } from '../../src/index.js';
import { Background } from '../../src/uploads/background.js';
import { Engine } from './engine.js';
import { gate } from './faults.js';

const SENT = Buffer.alloc(200_000);
const AWAY = new StorageError('unavailable', 'the disk is away');

describe('the end of an application (promise 9)', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  it('asks a merge to let go that maintenance has taken up, and the next application goes on with it', async () => {
    const final = await engine.leftMerge([await engine.partial('one,'), await engine.partial('two')]);
    const merging = gate();
    engine.storage.concatenate = async (_real, _final, _sources, { signal }) => {
      merging.open();
      if (!signal.aborted) await once(signal, 'abort');
      throw AWAY;
    };
    await engine.maintain();
    await merging.opened;
    await engine.leave();

    const next = await Engine.start({ directory: engine.directory });
    expect(await next.row(final)).toMatchObject({ state: 'merging', leaseHolder: null });
    await next.maintain();
    await next.idle();
    expect(await next.uploads.get(final)).toMatchObject({ state: 'complete', offset: 7 });
    await next.leave();
  });

  it('keeps the database open for a call that nobody waits for, as after a client that hung up', async () => {
    const id = await engine.begun('he', 5);
    const [looking, goOn] = [gate(), gate()];
    engine.rows.find = async (real) => {
      looking.open();
      await goOn.opened;
      return real();
    };
    const background = engine.get(Background);
    const ended = jest.spyOn(background, 'callsEnded');
    ended.mockImplementationOnce(() => {
      goOn.open();
      return background.callsEnded();
    });
    const call = engine.uploads.get(id);
    await looking.opened;
    const left = engine.leave().finally(goOn.open);
    expect(await call).toMatchObject({ state: 'open', offset: 2 });
    await left;
  });

  describe('while the clock stands still', () => {
    /** The storage is about to remove something, and does not come back. */
    let removing: ReturnType<typeof gate>;
    let goOn: ReturnType<typeof gate>;

    beforeEach(async () => {
      const id = await engine.begun('he', 5);
      const leased = await engine.repository.take(id, 'another process', { states: ['open'] });
      await engine.repository.terminate(id, leased?.epoch);
      [removing, goOn] = [gate(), gate()];
      engine.storage.remove = async (real) => {
        removing.open();
        await goOn.opened;
        return real();
      };
      // Only time-outs stand still: everything that has an event goes on.
      jest.useFakeTimers({
        doNotFake: [
          'Date',
          'hrtime',
          'nextTick',
          'performance',
          'queueMicrotask',
          'setImmediate',
          'setInterval',
        ],
      });
    });
    afterEach(() => {
      goOn.open();
      jest.useRealTimers();
    });

    it('cuts a running PATCH although maintenance does not come to an end', async () => {
      const { id } = await engine.uploads.create({ length: 2 * SENT.length });
      const body = new PassThrough();
      const round = engine.maintain();
      await removing.opened;
      const append = { offset: 0, body, contentLength: 2 * SENT.length };
      const outcome = engine.uploads.append(id, append).catch((error: unknown) => error);
      // More than the stream keeps: it is through when the server has read it.
      await new Promise((through) => body.write(SENT, through));
      const left = engine.leave();
      expect(await outcome).toBeInstanceOf(UploadLockedError);
      expect(await engine.uploads.get(id)).toMatchObject({ state: 'open', offset: SENT.length });
      goOn.open();
      await Promise.all([round, left]);
    });

    it('is not kept waiting for ever by a storage that does not answer', async () => {
      void engine.maintain();
      await removing.opened;
      const end = { reached: false };
      const left = engine.leave().then(() => void (end.reached = true));
      while (!end.reached) await jest.advanceTimersByTimeAsync(1_000);
      await left;
    });
  });
});
