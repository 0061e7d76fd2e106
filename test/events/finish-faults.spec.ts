import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NO_HOOKS } from '../../src/events/hook-lists.js';
import { UploadHooks } from '../../src/events/upload-hooks.js';
import { UploadLockedError } from '../../src/index.js';
import type { OnUploadFinish } from '../../src/index.js';
import { bodyOf, Engine } from '../reliability/engine.js';
import { DATABASE_AWAY, failingOnce, gate } from '../reliability/faults.js';

describe('OnUploadFinish, and what goes wrong around it', () => {
  let engine: Engine;
  let asked: string[];

  beforeEach(async () => {
    engine = await Engine.start();
    asked = [];
  });
  afterEach(() => engine.stop());

  function use(decide: OnUploadFinish['onUploadFinish'] = () => undefined, of = engine): void {
    const hook: OnUploadFinish = {
      onUploadFinish: (upload, context) => {
        asked.push(upload.id);
        return decide(upload, context);
      },
    };
    const named = { name: 'hook', hook, includePartials: false };
    of.get(UploadHooks).use({ ...NO_HOOKS, onUploadFinish: [named] });
  }

  /** Lets the statement that completes an upload fail once. */
  function loseCompletion(): void {
    engine.rows.write = failingOnce(DATABASE_AWAY, (_id, _epoch, { state }) => state === 'complete');
  }

  it('is not asked again where it has returned and the completing statement failed', async () => {
    use();
    const id = await engine.begun('he', 5);
    loseCompletion();
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow(DATABASE_AWAY);
    expect(await engine.row(id)).toMatchObject({ state: 'finishing' });
    await engine.lapse(id);
    await engine.maintain();
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'complete', offset: 5 });
    expect(asked).toEqual([id]);
    expect(await engine.object(id)).toBe('hello');
  });

  it.each([5, 0])(
    'is not asked again for a POST of all %d bytes whose completing statement failed, and the upload stays',
    async (length) => {
      use();
      loseCompletion();
      const body = length > 0 ? { body: bodyOf('hello'), contentLength: 5 } : {};
      await expect(engine.uploads.create({ length, ...body })).rejects.toThrow(DATABASE_AWAY);
      const [id = ''] = asked;
      expect(await engine.row(id)).toMatchObject({ state: 'finishing' });
      await engine.lapse(id);
      await engine.maintain();
      await engine.idle();
      expect(await engine.row(id)).toMatchObject({ state: 'complete', offset: length });
      expect(asked).toEqual([id]);
      expect(await engine.object(id)).toBe(length > 0 ? 'hello' : '');
    },
  );

  it('is not asked again for a final whose completing statement failed, and the final stays', async () => {
    use();
    const partialIds = [await engine.partial('one,'), await engine.partial('two')];
    engine.rows.completeFinal = failingOnce(DATABASE_AWAY);
    await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow('storage');
    const [id = ''] = asked;
    expect(await engine.row(id)).toMatchObject({ state: 'finishing' });
    await engine.lapse(id);
    expect(await engine.uploads.concatenate({ partialIds })).toMatchObject({ id, state: 'complete' });
    expect(asked).toEqual([id]);
  });

  it('is asked by the process that goes on after a crash in its middle', async () => {
    const hanging = gate();
    const entered = gate();
    use(() => {
      entered.open();
      return hanging.opened;
    });
    const id = await engine.begun('he', 5);
    const dead = engine.append(id, 2, 'llo').catch((error: unknown) => error);
    await entered.opened;
    engine.rows.renew = () => Promise.reject(DATABASE_AWAY);
    const next = await Engine.start({ directory: engine.directory });
    use(undefined, next);
    await next.lapse(id);
    await next.maintain();
    await next.idle();
    expect(await next.row(id)).toMatchObject({ state: 'complete', offset: 5 });
    expect(asked).toEqual([id, id]);
    // The first one comes to itself again: its lease is gone.
    hanging.open();
    expect(await dead).toBeInstanceOf(UploadLockedError);
    await next.leave();
  });

  it('an object whose removal fails after a refusal is removed by maintenance', async () => {
    use(() => Promise.reject(Object.assign(new Error('no'), { getStatus: () => 422 })));
    const id = await engine.begun('he', 5);
    engine.storage.remove = failingOnce(new Error('the disk is away'));
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow('no');
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'terminating', ending: 'failed' });
    expect(await engine.object(id)).toBe('hello');
    await engine.lapse(id);
    await engine.maintain();
    expect(await engine.row(id)).toMatchObject({ state: 'gone', ending: 'failed' });
    await expect(engine.object(id)).rejects.toThrow('ENOENT');
    expect(await engine.workingFiles()).toEqual([]);
  });

  it('an error that carries the status of somebody else keeps the upload', async () => {
    use(() => Promise.reject(Object.assign(new Error('the scanner has no such page'), { status: 404 })));
    const id = await engine.begun('he', 5);
    await expect(engine.append(id, 2, 'llo')).rejects.toThrow('no such page');
    expect(await engine.row(id)).toMatchObject({ state: 'finishing', leaseHolder: null });
  });

  /** Uploads and finals that the hook keeps. */
  async function kept(singles: number, finals: number): Promise<void> {
    use(() => Promise.reject(new Error('away')));
    for (let n = 0; n < singles; n++) {
      const id = await engine.begun('', 1);
      await expect(engine.append(id, 0, 'x')).rejects.toThrow('away');
    }
    for (let n = 0; n < finals; n++) {
      const partialIds = [await engine.partial('x')];
      await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow('away');
    }
    await engine.idle();
  }

  /** What maintenance asks the database for about uploads that it does not go on with. */
  function writes(): string[] {
    const list: string[] = [];
    engine.rows.take = (real) => {
      list.push('take');
      return real();
    };
    engine.rows.postpone = (real, ids) => {
      if (ids.length > 0) list.push(`postpone ${ids.length}`);
      return real();
    };
    return list;
  }

  it('an upload that waits for its pause costs maintenance no statement', async () => {
    await kept(2, 1);
    const list = writes();
    await engine.maintain();
    expect(list).toEqual([]);
  });

  it('a hundred that wait for their pause are put behind the others, by one statement', async () => {
    await kept(100, 0);
    const dead = await engine.begun('', 1);
    engine.rows.write = failingOnce(DATABASE_AWAY, (_id, _epoch, { state }) => state === 'complete');
    use(undefined);
    await expect(engine.append(dead, 0, 'x')).rejects.toThrow(DATABASE_AWAY);
    await engine.lapse(dead);
    // However long the hundred took.
    jest.spyOn(engine.get(UploadHooks), 'isFinishDue').mockImplementation((id) => id === dead);
    const list = writes();
    await engine.maintain();
    expect(list).toEqual(['postpone 100']);
    await engine.maintain();
    await engine.idle();
    expect(await engine.row(dead)).toMatchObject({ state: 'complete' });
  });

  it('no more than a hundred uploads wait for it, finals among them, however often maintenance looks', async () => {
    await kept(97, 8);
    const { opened, open } = gate();
    const all = gate();
    asked = [];
    const next = await Engine.start({ directory: engine.directory });
    use(() => {
      if (asked.length === 100) all.open();
      return opened;
    }, next);
    await next.maintain();
    await all.opened;
    for (const _ of [1, 2]) await next.maintain();
    const leased = 'SELECT count(*) AS count FROM tus_upload WHERE lease_holder IS NOT NULL';
    expect(await next.connection.query(leased)).toEqual([{ count: 100 }]);
    open();
    await next.idle();
    await next.leave();
    expect(asked).toHaveLength(100);
  });

  it('the upload is seen while it is asked, and its bytes are given to nobody else', async () => {
    const goOn = gate();
    const entered = gate();
    use(async () => {
      entered.open();
      await goOn.opened;
    });
    const call = engine.uploads.create({ length: 5, body: bodyOf('hello'), contentLength: 5 });
    await entered.opened;
    const [upload] = await engine.uploads.list();
    expect(upload).toMatchObject({ state: 'finishing', offset: 0 });
    await expect(engine.uploads.read(upload?.id ?? '')).rejects.toThrow('There is no upload at this URL');
    goOn.open();
    expect(await call).toMatchObject({ state: 'complete', offset: 5 });
  });

  describe('at the end of the application', () => {
    it('is waited for', async () => {
      const goOn = gate();
      const entered = gate();
      use(async () => {
        entered.open();
        await goOn.opened;
      });
      const id = await engine.begun('he', 5);
      const call = engine.append(id, 2, 'llo');
      await entered.opened;
      const left = engine.leave();
      goOn.open();
      expect(await call).toMatchObject({ state: 'complete' });
      await left;
    });

    it('is left behind after a while: the client is told to try again, and the next process asks again', async () => {
      const hanging = gate();
      const entered = gate();
      use(() => {
        entered.open();
        return hanging.opened;
      });
      const id = await engine.begun('he', 5);
      const call = engine.append(id, 2, 'llo').catch((error: unknown) => error);
      await entered.opened;
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
      const end = { reached: false };
      const left = engine.leave().then(() => void (end.reached = true));
      while (!end.reached) await jest.advanceTimersByTimeAsync(1_000);
      jest.useRealTimers();
      await left;
      expect(await call).toBeInstanceOf(UploadLockedError);
      const next = await Engine.start({ directory: engine.directory });
      use(undefined, next);
      expect(await next.row(id)).toMatchObject({ state: 'finishing', leaseHolder: null });
      await next.maintain();
      await next.idle();
      expect(await next.row(id)).toMatchObject({ state: 'complete' });
      expect(asked).toEqual([id, id]);
      hanging.open();
      await next.leave();
    });
  });
});
