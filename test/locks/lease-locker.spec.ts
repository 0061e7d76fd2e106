import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseLostError } from '../../src/locks/lease-lost.error.js';
import { LeaseLocker } from '../../src/locks/lease/lease-locker.js';
import type { Lock } from '../../src/locks/locker.js';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import { UploadLockedError } from '../../src/index.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { gate } from '../reliability/faults.js';
import { age, found, LossyConnection, newUpload } from '../repository/fixtures.js';
import { sqliteTestDatabase } from '../repository/sqlite-database.js';
import type { SqliteTestDatabase } from '../repository/sqlite-database.js';

describe('leases in the rows', () => {
  let database: SqliteTestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;
  let errors: unknown[];
  /** The monotonic clock of every process here. */
  let clock: number;
  let lockers: LeaseLocker[];

  beforeEach(async () => {
    database = await sqliteTestDatabase();
    connection = new LossyConnection(database.connection);
    repository = new TypeOrmUploadRepository(connection, 'files');
    errors = [];
    clock = 1_000;
    lockers = [];
  });
  afterEach(async () => {
    for (const each of lockers) await each.drain(0);
    await database.close();
  });

  /** A locker as a process has one. */
  function locker(extendBy: number | null = null): LeaseLocker {
    const made = new LeaseLocker({
      repository,
      extend: extendBy === null ? null : { by: extendBy },
      onError: (error) => errors.push(error),
      now: () => clock,
    });
    lockers.push(made);
    return made;
  }

  async function upload(values: Parameters<typeof newUpload>[0] = {}): Promise<string> {
    return (await repository.insert(newUpload(values))).id;
  }

  async function acquired(from: LeaseLocker, id: string): Promise<Lock> {
    const { lock } = await from.acquire({ id, states: ['open'], ask: 'append' });
    if (!lock) throw new Error(`The upload ${id} could not be locked.`);
    return lock;
  }

  /** Lets go when asked, as a writer does, with what it has made durable. */
  function letsGoAt(lock: Lock, offset: number): void {
    lock.signal.addEventListener('abort', () => void lock.release({ offset }));
  }

  /** What five seconds would do to the lease. */
  const lapse = (id: string, by = 6_000) => age(connection, id, { column: 'lease_expires_at', by });

  describe('are taken', () => {
    it('with the row, in the state that was wanted', async () => {
      const process = locker();
      const id = await upload({ metadata: 'a MQ==' });
      const lock = await acquired(process, id);
      expect(lock.upload).toMatchObject({ id, metadata: 'a MQ==', epoch: 1, leaseHolder: process.holder });
      expect(lock.fenced).toBe(false);
      expect(lock.signal.aborted).toBe(false);
    });

    it('by one of many that want them at once, and then by the next, one after the other', async () => {
      const process = locker();
      const id = await upload();
      let held = 0;
      const turns = Array.from({ length: 20 }, async () => {
        const lock = await acquired(process, id);
        held += 1;
        expect(held).toBe(1);
        await repository.find(id);
        held -= 1;
        await lock.release();
      });
      await Promise.all(turns);
      expect(await found(repository, id)).toMatchObject({ epoch: 20, releasedEpoch: 20, leaseHolder: null });
    });

    it('not from a row that is missing, or in another state', async () => {
      const process = locker();
      const id = await upload({ state: 'finishing' });
      const wanted = { states: ['open'], ask: 'append' } as const;
      expect(await process.acquire({ id: 'none', ...wanted })).toEqual({ record: undefined });
      expect(await process.acquire({ id, ...wanted })).toMatchObject({ record: { id, epoch: 0 } });
      expect(await process.tryAcquire(id, ['open'])).toBeUndefined();
    });

    it('only if nobody has them, by who does not want to wait', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      const lock = await one.tryAcquire(id, ['open']);
      expect(lock).toBeDefined();
      expect(await one.tryAcquire(id, ['open'])).toBeUndefined();
      expect(await two.tryAcquire(id, ['open'])).toBeUndefined();
      expect(lock?.signal.aborted).toBe(false);
      await lock?.release();
      expect(await two.tryAcquire(id, ['open'])).toBeDefined();
    });

    it('over from the insert that took them', async () => {
      const process = locker();
      const lock = process.adopt(await repository.insert(newUpload(), process.holder));
      expect(lock).toMatchObject({ fenced: false, upload: { epoch: 1 } });
      expect(await lock.release({ offset: 10 })).toMatchObject({ offset: 10, leaseHolder: null });
    });
  });

  describe('are handed over (CORE-19)', () => {
    it('inside of a process, with what the holder has made durable', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      letsGoAt(holder, 40);
      const newcomer = await acquired(process, id);
      expect(holder.signal.reason).toBe('append');
      expect(newcomer).toMatchObject({ fenced: false, upload: { offset: 40, epoch: 2 } });
    });

    it('with the reason that the newcomer gave', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      letsGoAt(holder, 0);
      await process.acquire({ id, states: ['open'], ask: 'terminate' });
      expect(holder.signal.reason).toBe('terminate');
    });

    it('at once to a newcomer that was still reading the row when the holder let go', async () => {
      const process = locker();
      const id = await upload();
      const { take, find } = TypeOrmUploadRepository.prototype;
      const looked = gate();
      repository.take = async (...wanted) => {
        repository.take = take;
        const row = await take.apply(repository, wanted);
        await looked.opened;
        return row;
      };
      const first = acquired(process, id);
      repository.find = async (wanted) => {
        repository.find = find;
        const row = await find.call(repository, wanted);
        looked.open();
        await (await first).release({ offset: 40 });
        // Neither the lease nor the patience of the newcomer ends within the test.
        clock -= 60_000;
        return row && { ...row, leaseRemaining: 60_000 };
      };
      expect((await acquired(process, id)).upload).toMatchObject({ offset: 40, epoch: 2 });
    });

    it('not to a newcomer that has no business there: the holder is not even asked', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      const refusal = new Error('your offset was passed long ago');
      const check = () => {
        throw refusal;
      };
      await expect(process.acquire({ id, states: ['open'], ask: 'append', check })).rejects.toBe(refusal);
      expect(holder.signal.aborted).toBe(false);
    });

    it('to a newcomer that is shown the row as beats have recorded it, and no byte beyond', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      const shown: number[] = [];
      const check = ({ offset }: UploadRecord) => {
        shown.push(offset);
        throw new Error('only looking');
      };
      const look = () =>
        expect(process.acquire({ id, states: ['open'], ask: 'append', check })).rejects.toThrow('looking');
      holder.progress(40);
      await look();
      await process.beat();
      holder.progress(60);
      await look();
      expect(shown).toEqual([0, 40]);
      // Where the bytes of the holder began is another question.
      expect(holder.upload.offset).toBe(0);
    });

    it('not to a newcomer whose state is gone when the holder lets go', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      holder.signal.addEventListener('abort', () => void holder.release({ state: 'finishing' }));
      const result = await process.acquire({ id, states: ['open'], ask: 'append' });
      expect(result).toMatchObject({ record: { state: 'finishing' } });
      expect(result.lock).toBeUndefined();
    });

    it('never by a holder that keeps them: the newcomer gives up after five seconds', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      const check = () => void (clock += 5_001);
      const newcomer = process.acquire({ id, states: ['open'], ask: 'append', check });
      await expect(newcomer).rejects.toThrow(UploadLockedError);
      expect(holder.signal.aborted).toBe(true);
    });

    it('never, by a holder or another process, of an upload that expires: who gives up is told when (EXP-02)', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload({ expiresIn: 60_000 });
      const { upload: held } = await acquired(one, id);
      for (const process of [one, two]) {
        const check = () => void (clock += 5_001);
        await expect(process.acquire({ id, states: ['open'], ask: 'append', check })).rejects.toMatchObject({
          headers: { 'Retry-After': '1', 'Upload-Expires': new Date(Number(held.expiresAt)).toUTCString() },
        });
      }
    });

    it('never of an upload whose time is over: nobody waits for it (EXP-06)', async () => {
      const process = locker();
      const id = await upload({ expiresIn: -1 });
      const wanted = { states: ['open'], ask: 'append' } as const;
      expect(await process.acquire({ id, ...wanted })).toMatchObject({ record: { id, expired: true } });
      expect(await process.tryAcquire(id, ['open'])).toBeUndefined();
    });

    it('across processes when they run out', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      const silent = await acquired(one, id);
      // A few milliseconds are left: the newcomer finds the lease held, and waits for its end.
      await lapse(id, 4_950);
      const seen: unknown[] = [];
      const { lock } = await two.acquire({
        id,
        states: ['open'],
        ask: 'append',
        check: ({ leaseHolder }) => seen.push(leaseHolder),
      });
      expect(seen).toContain(one.holder);
      expect(lock).toMatchObject({ fenced: true, upload: { epoch: 2, leaseHolder: two.holder } });
      await expect(silent.write({ offset: 10 })).rejects.toThrow(LeaseLostError);
    });

    it('from what another process holds only by running out: it gives up after five seconds', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      await acquired(one, id);
      const check = () => void (clock += 5_001);
      await expect(two.acquire({ id, states: ['open'], ask: 'append', check })).rejects.toThrow(
        UploadLockedError,
      );
    });

    it('at once by who forgets them, after a statement that gave them back otherwise', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      holder.signal.addEventListener('abort', () => {
        void repository.write(id, 1, { offset: 20 }, true).then(() => holder.forget());
      });
      expect((await acquired(process, id)).upload).toMatchObject({ offset: 20, epoch: 2 });
    });
  });

  describe('are renewed', () => {
    it('with the offsets that are durable, in one statement for all', async () => {
      const process = locker();
      const ids = [await upload(), await upload(), await upload()];
      const locks = await Promise.all(ids.map((id) => acquired(process, id)));
      for (const [n, lock] of locks.entries()) lock.progress(n * 10);
      for (const id of ids) await lapse(id, 3_000);
      await process.beat();
      for (const [n, id] of ids.entries()) {
        const { offset, leaseRemaining } = await found(repository, id);
        expect(offset).toBe(n * 10);
        expect(leaseRemaining).toBeGreaterThan(2_000);
      }
      expect(locks.some(({ signal }) => signal.aborted)).toBe(false);
    });

    it('without the offset of an upload that has all its bytes: it shows only when it is finished', async () => {
      const process = locker();
      const id = await upload({ length: 100 });
      const lock = await acquired(process, id);
      lock.progress(100);
      await process.beat();
      expect((await found(repository, id)).offset).toBe(0);
      await lock.release({ offset: 100, state: 'complete', completed: true });
      expect((await found(repository, id)).offset).toBe(100);
    });

    it('with the expiry of uploads that are open, as far as the options say (EXP-04)', async () => {
      for (const [process, extended] of [
        [locker(60_000), true],
        [locker(null), false],
      ] as const) {
        const id = await upload({ expiresIn: 1_000 });
        const { expiresAt } = (await acquired(process, id)).upload;
        await process.beat();
        const row = await found(repository, id);
        expect(row.expiresAt).toBe(extended ? row.updatedAt + 60_000 : expiresAt);
      }
    });

    it('and remember the highest that clients may have been told, also when the answer was lost', async () => {
      const process = locker();
      const id = await upload();
      await (await acquired(process, id)).release({ offset: 5 });
      const lock = await acquired(process, id);
      lock.progress(20);
      expect(lock.recorded).toBe(5);
      await process.beat();
      expect(lock.recorded).toBe(20);
      lock.progress(30);
      connection.loseNext('WITH beat');
      await process.beat();
      expect(lock.recorded).toBe(30);
    });

    it('not with what the writer takes back before the beat: neither is it told, nor is the row lowered', async () => {
      const process = locker();
      const id = await upload({ length: 100 });
      const lock = await acquired(process, id);
      lock.progress(10);
      await process.beat();
      lock.progress(40);
      lock.progress(0);
      await process.beat();
      expect(lock.recorded).toBe(10);
      expect((await found(repository, id)).offset).toBe(10);
      lock.progress(100);
      await process.beat();
      expect(lock.recorded).toBe(10);
    });

    it('no more once they were given back', async () => {
      const process = locker();
      const id = await upload();
      const lock = await acquired(process, id);
      await lock.release({ offset: 10 });
      lock.progress(50);
      await process.beat();
      expect(await found(repository, id)).toMatchObject({ offset: 10, leaseHolder: null });
    });

    it('again after a statement that failed, which is told', async () => {
      const process = locker();
      const lock = await acquired(process, await upload());
      connection.loseNext('WITH beat');
      await process.beat();
      expect(errors).toEqual([expect.any(Error)]);
      expect(lock.signal.aborted).toBe(false);
      clock += 3_000;
      await process.beat();
      clock += 3_000;
      await process.beat();
      expect(lock.signal.aborted).toBe(false);
    });
  });

  describe('are lost', () => {
    it('to another process that found them run out: the writer is stopped by the next beat', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      const lock = await acquired(one, id);
      await lapse(id);
      const successor = await acquired(two, id);
      await one.beat();
      expect(lock.signal.reason).toBe('lost');
      await expect(lock.write({ offset: 50 })).rejects.toThrow(LeaseLostError);
      await expect(lock.release({ offset: 50 })).rejects.toThrow(LeaseLostError);
      expect(await found(repository, id)).toMatchObject({ offset: 0, epoch: successor.upload.epoch });
    });

    it('to another process: the writer is stopped by its own next statement', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      const lock = await acquired(one, id);
      await lapse(id);
      await acquired(two, id);
      await expect(lock.write({ offset: 50 })).rejects.toThrow(LeaseLostError);
      expect(lock.signal.reason).toBe('lost');
    });

    it('by the clock, one second before another could take them, when no renewal comes through', async () => {
      const process = locker();
      const id = await upload();
      const lock = await acquired(process, id);
      clock += 4_000;
      lock.progress(10);
      expect(lock.signal.aborted).toBe(false);
      clock += 1;
      lock.progress(20);
      expect(lock.signal.reason).toBe('lost');
      await expect(lock.release({ offset: 20 })).rejects.toThrow(LeaseLostError);
      expect(await found(repository, id)).toMatchObject({ offset: 0, epoch: 1 });
    });

    it('by the clock although the writer does nothing, with the next beat', async () => {
      const process = locker();
      const lock = await acquired(process, await upload());
      clock += 4_001;
      await process.beat();
      expect(lock.signal.reason).toBe('lost');
    });

    it('and wake who waits for them in this process', async () => {
      const process = locker();
      const id = await upload();
      await acquired(process, id);
      await lapse(id);
      const newcomer = acquired(process, id);
      clock += 4_001;
      await process.beat();
      expect((await newcomer).fenced).toBe(true);
    });
  });

  describe('tell the next holder whether to keep clear of the one before', () => {
    it('not after a release', async () => {
      const [one, two] = [locker(), locker()];
      const id = await upload();
      await (await acquired(one, id)).release();
      expect((await acquired(two, id)).fenced).toBe(false);
    });

    it('after a take-over, for as long as no new place is on record', async () => {
      const process = locker();
      const id = await upload();
      await acquired(locker(), id);
      for (let epoch = 2; epoch < 5; epoch++) {
        if (epoch === 2) await lapse(id);
        const lock = await acquired(process, id);
        expect(lock).toMatchObject({ fenced: true, upload: { epoch } });
        await lock.release({ offset: 0 });
      }
    });

    it('not once a fenced holder has put its own place on record', async () => {
      const process = locker();
      const id = await upload();
      await acquired(locker(), id);
      await lapse(id);
      const lock = await acquired(process, id);
      await lock.write({ reference: 'segment:2' });
      await lock.release({ offset: 10 });
      expect((await acquired(process, id)).fenced).toBe(false);
    });

    it('not where the place comes with the release', async () => {
      const process = locker();
      const id = await upload();
      await acquired(locker(), id);
      await lapse(id);
      await (await acquired(process, id)).release({ reference: 'segment:2' });
      expect((await acquired(process, id)).fenced).toBe(false);
    });

    it('still, where the statement that names the place has failed', async () => {
      const process = locker();
      const id = await upload();
      await acquired(locker(), id);
      await lapse(id);
      const lock = await acquired(process, id);
      const write = repository.write.bind(repository);
      repository.write = () => Promise.reject(new Error('the database is away'));
      await expect(lock.write({ reference: 'segment:2' })).rejects.toThrow('away');
      repository.write = write;
      await lock.release();
      expect(await acquired(process, id)).toMatchObject({ fenced: true, upload: { reference: null } });
    });
  });

  describe('are given back at shutdown', () => {
    it('by every holder, with what it has made durable', async () => {
      const process = locker();
      const ids = [await upload(), await upload()];
      for (const id of ids) letsGoAt(await acquired(process, id), 30);
      await process.drain(60_000);
      for (const id of ids) {
        expect(await found(repository, id)).toMatchObject({
          offset: 30,
          leaseHolder: null,
          releasedEpoch: 1,
        });
      }
    });

    it('and not taken any more: who wants one is told to come again', async () => {
      const process = locker();
      const id = await upload();
      await process.drain(0);
      await expect(acquired(process, id)).rejects.toThrow(UploadLockedError);
      expect(await process.tryAcquire(id, ['open'])).toBeUndefined();
      expect((await acquired(locker(), id)).fenced).toBe(false);
    });

    it('also by who waits for them', async () => {
      const process = locker();
      const id = await upload();
      const holder = await acquired(process, id);
      const asked = new Promise<void>((resolve) => {
        holder.signal.addEventListener('abort', () => resolve());
      });
      const waiting = acquired(process, id).catch((error: unknown) => error);
      await asked;
      const drained = process.drain(60_000);
      await holder.release();
      await drained;
      expect(await waiting).toBeInstanceOf(UploadLockedError);
      expect((await found(repository, id)).leaseHolder).toBeNull();
    });

    it('at once by what was inserted with its lease meanwhile', async () => {
      const process = locker();
      await process.drain(0);
      const lock = process.adopt(await repository.insert(newUpload(), process.holder));
      expect(lock.signal.reason).toBe('shutdown');
      await lock.release();
    });

    it('not by a holder that does not come to an end: the grace period is over, and the lease runs out', async () => {
      const process = locker();
      const id = await upload();
      const lock = await acquired(process, id);
      await process.drain(1);
      expect(lock.signal.reason).toBe('shutdown');
      expect((await found(repository, id)).leaseHolder).toBe(process.holder);
    });
  });
});
