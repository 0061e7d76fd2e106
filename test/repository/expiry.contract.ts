import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadState } from '../../src/model/upload.js';
import type { NewUpload, UploadRecord } from '../../src/repository/upload-record.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { FinalVerdict } from '../../src/repository/upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import {
  HOLDER,
  age,
  completePartial,
  completeSingle,
  finalPlan,
  found,
  lossyRepository,
  mergedFinal,
  newUpload,
  pendingPlan,
  pinsOf,
  plannedFinal,
} from './fixtures.js';

const DAY = 24 * 60 * 60 * 1000;

export function expiryContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
  });
  afterEach(() => database.close());

  const overdue = async (limit = 10) => (await repository.overdue(limit)).map(({ id }) => id);
  /** Makes an upload expire, so many milliseconds ago; in the future if negative. */
  const expired = async (id: string, ago = 1): Promise<void> => {
    const sql = `UPDATE tus_upload SET expires_at = ${connection.dialect.now} - ? WHERE id = ?`;
    await connection.change(sql, [ago, id]);
  };
  const overdueUpload = async (values: Partial<NewUpload> = {}, holder?: string): Promise<string> => {
    const { id } = await repository.insert(newUpload(values), holder);
    await expired(id);
    return id;
  };
  const lapse = (id: string) => age(connection, id, { column: 'lease_expires_at', by: 6_000 });
  const lasts = ({ expiresAt, updatedAt }: UploadRecord) => Number(expiresAt) - updatedAt;

  describe('the time of an upload', () => {
    it('counts from its insertion, or is never', async () => {
      const upload = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      expect(Number(upload.expiresAt) - upload.createdAt).toBe(DAY);
      expect(await found(repository, upload.id)).toMatchObject({
        expiresAt: upload.expiresAt,
        expired: false,
      });
      expect(await repository.insert(newUpload())).toMatchObject({ expiresAt: null, expired: false });
    });

    it('counts from the insertion of a final, too', async () => {
      const { final } = await repository.planFinal(finalPlan([], { expiresIn: DAY }));
      expect(Number(final.expiresAt) - final.createdAt).toBe(DAY);
    });

    it('is set by a change to any number, and taken away by null (EXP-04)', async () => {
      const { id } = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      const written = async (expiresIn: number | null) => repository.write(id, 1, { expiresIn }, false);
      expect(lasts((await written(1_000))!)).toBe(1_000);
      expect(lasts((await written(2 * DAY))!)).toBe(2 * DAY);
      expect(await written(null)).toMatchObject({ expiresAt: null });
      expect(lasts((await written(DAY))!)).toBe(DAY);
    });

    it('is extended by a change but never shortened, and an upload that never expires goes on so', async () => {
      const { id, expiresAt } = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      expect(await repository.write(id, 1, { offset: 1, extend: { by: 1_000 } }, false)).toMatchObject({
        expiresAt,
      });
      expect(lasts((await repository.write(id, 1, { offset: 2, extend: { by: 2 * DAY } }, true))!)).toBe(
        2 * DAY,
      );
      const lasting = await repository.insert(newUpload(), HOLDER);
      expect(await repository.write(lasting.id, 1, { extend: { by: DAY } }, true)).toMatchObject({
        expiresAt: null,
      });
    });

    it('is extended to no more than an age, by changes and by renewals, and not shortened to it (EXP-04)', async () => {
      const { id } = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      const lifetime = async () => {
        const { expiresAt, createdAt } = await found(repository, id);
        return Number(expiresAt) - createdAt;
      };
      const beats = [{ id, epoch: 1, offset: 5 }];
      await repository.write(id, 1, { extend: { by: 3 * DAY, maxAge: 2 * DAY } }, false);
      expect(await lifetime()).toBe(2 * DAY);
      await repository.renew(HOLDER, beats, { by: 4 * DAY, maxAge: 3 * DAY });
      expect(await lifetime()).toBe(3 * DAY);
      await repository.renew(HOLDER, beats, { by: 4 * DAY, maxAge: DAY });
      await repository.write(id, 1, { extend: { by: 4 * DAY, maxAge: DAY } }, true);
      expect(await lifetime()).toBe(3 * DAY);
    });

    it('is left alone by a change that does not name it', async () => {
      const { id, expiresAt } = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      expect(await repository.write(id, 1, { offset: 10 }, true)).toMatchObject({ expiresAt });
    });

    it('is extended by renewals as long as bytes come, so that a crash does not find it over', async () => {
      const ids = ['open', 'finishing', 'lasting'];
      const inserted = await Promise.all([
        repository.insert(newUpload({ id: 'open', expiresIn: 1_000 }), HOLDER),
        repository.insert(newUpload({ id: 'finishing', state: 'finishing', expiresIn: 1_000 }), HOLDER),
        repository.insert(newUpload({ id: 'lasting' }), HOLDER),
      ]);
      const beats = ids.map((id) => ({ id, epoch: 1, offset: 5 }));
      const times = () => Promise.all(ids.map(async (id) => (await found(repository, id)).expiresAt));
      await repository.renew(HOLDER, beats);
      expect(await times()).toEqual(inserted.map(({ expiresAt }) => expiresAt));
      expect(await repository.renew(HOLDER, beats, { by: DAY })).toEqual(new Set(ids));
      const open = await found(repository, 'open');
      expect(lasts(open)).toBe(DAY);
      expect((await times()).slice(1)).toEqual([inserted[1]?.expiresAt, null]);
      await repository.renew(HOLDER, beats, { by: 1_000 });
      expect(await found(repository, 'open')).toMatchObject({ offset: 5, expiresAt: open.expiresAt });
    });

    it('is over for everybody who reads the row, by the clock of the database (EXP-06)', async () => {
      const id = await overdueUpload();
      expect(await found(repository, id)).toMatchObject({ state: 'open', expired: true });
      expect(await repository.list({ limit: 1 })).toMatchObject([{ id, expired: true }]);
      expect(await repository.overdue(1)).toMatchObject([{ id, expired: true }]);
      await expired(id, -60_000);
      expect(await found(repository, id)).toMatchObject({ expired: false });
      expect(await overdue()).toEqual([]);
    });

    it('of a tombstone is none', async () => {
      const { id } = await repository.insert(newUpload({ expiresIn: DAY }), HOLDER);
      await repository.terminate(id, 1);
      await repository.bury(id);
      expect(await found(repository, id)).toMatchObject({ state: 'gone', expiresAt: null, expired: false });
      const freed = await overdueUpload();
      await repository.expire(freed, () => true);
      await repository.bury(freed);
      expect(await found(repository, freed)).toMatchObject({
        state: 'gone',
        ending: 'expired',
        expiresAt: null,
      });
    });
  });

  describe('overdue', () => {
    it.each([
      ['open', true],
      ['pending', true],
      ['complete', true],
      ['finishing', false],
      ['planning', false],
      ['merging', false],
      ['failed', false],
      ['terminating', false],
      ['gone', false],
    ] as [UploadState, boolean][])('is an upload that is %s: %s', async (state, is) => {
      const id = await overdueUpload({ state });
      expect(await overdue()).toEqual(is ? [id] : []);
      expect(await found(repository, id)).toMatchObject({ expired: is });
      expect(await repository.expire(id, () => true)).toBe(is);
      expect((await found(repository, id)).state).toBe(is ? 'terminating' : state);
    });

    it('are those that are so longest first, no more than asked for, of this registration', async () => {
      const ids = await Promise.all([overdueUpload(), overdueUpload(), overdueUpload()]);
      await expired(ids[1]!, 9_000);
      await expired(ids[2]!, 5_000);
      await repository.insert(newUpload());
      expect(await overdue()).toEqual([ids[1], ids[2], ids[0]]);
      expect(await overdue(2)).toEqual([ids[1], ids[2]]);
      const others = new TypeOrmUploadRepository(connection, 'images');
      expect(await others.overdue(10)).toEqual([]);
      expect(await others.expire(ids[0]!, () => true)).toBe(false);
    });

    it('is not what somebody writes to; when the lease ran out it is, and the silent writer writes no more', async () => {
      const id = await overdueUpload({}, HOLDER);
      expect(await overdue()).toEqual([]);
      expect(await repository.expire(id, () => true)).toBe(false);
      await lapse(id);
      expect(await overdue()).toEqual([id]);
      expect(await repository.expire(id, () => true)).toBe(true);
      expect(await repository.write(id, 1, { offset: 10 }, true)).toBeUndefined();
      expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 10 }], { by: DAY })).toEqual(new Set());
      expect(await found(repository, id)).toMatchObject({ state: 'terminating', offset: 0, epoch: 2 });
    });

    it('is judged as it is by then, not as it was found: a silent writer may have completed it (EXP-05)', async () => {
      const id = await overdueUpload({}, HOLDER);
      await lapse(id);
      expect(await repository.overdue(1)).toMatchObject([{ id, state: 'open' }]);
      await repository.write(id, 1, { state: 'complete', completed: true, offset: 10 }, true);
      expect(await repository.expire(id, ({ state }) => state !== 'complete')).toBe(true);
      expect(await found(repository, id)).toMatchObject({ state: 'gone', ending: 'expired' });
    });

    it('is no partial that an unfinished final needs, until it is merged or has failed (EXP-08)', async () => {
      const partial = await completePartial(repository);
      await expired(partial);
      const final = await plannedFinal(repository, [partial]);
      expect(await overdue()).toEqual([]);
      expect(await repository.expire(partial, () => true)).toBe(false);
      expect(await found(repository, partial)).toMatchObject({ expired: false });
      await repository.failFinal(final.id, 1);
      expect(await overdue()).toEqual([partial]);
    });

    it('is no merged final that another one reads from', async () => {
      const partial = await completePartial(repository);
      const consumer = await mergedFinal(repository, [partial]);
      await expired(consumer.id);
      const reader = await plannedFinal(repository, [partial]);
      expect(await overdue()).toEqual([]);
      expect(await repository.expire(consumer.id, () => false)).toBe(false);
      await repository.completeFinal(reader.id, 1, { offset: 10 }, true);
      expect(await overdue()).toEqual([consumer.id]);
    });

    it.each([undefined, HOLDER])('gives no lease to anybody (held before by: %s)', async (holder) => {
      const id = await overdueUpload({}, holder);
      if (holder !== undefined) await lapse(id);
      expect(await repository.take(id, 'process-2', { states: ['open'] })).toBeUndefined();
      await expired(id, -60_000);
      expect(await repository.take(id, 'process-2', { states: ['open'] })).toMatchObject({ id });
    });

    it('is seen by the check of a final, which makes nothing of it (CON-12)', async () => {
      const partial = await completePartial(repository);
      await expired(partial);
      const plan = finalPlan([partial]);
      const check = (rows: ReadonlyMap<string, UploadRecord>): FinalVerdict => {
        if (rows.get(partial)?.expired) throw new Error('position 1 has expired');
        return { state: 'merging', length: 10 };
      };
      await expect(repository.planFinal({ ...plan, check })).rejects.toThrow('position 1');
      expect(await repository.find(plan.final.id)).toBeUndefined();
      expect(await pinsOf(repository, [partial])).toEqual([0]);
    });
  });

  describe('expiring', () => {
    it('frees an unfinished upload: its bytes first, then its key', async () => {
      const id = await overdueUpload({ key: 'videos/1' });
      expect(await repository.expire(id, () => true)).toBe(true);
      expect(await found(repository, id)).toMatchObject({
        state: 'terminating',
        ending: 'expired',
        content: 'stored',
        expiresAt: null,
        leaseHolder: null,
      });
      await expect(repository.insert(newUpload({ key: 'videos/1' }))).rejects.toThrow();
      expect(await repository.take(id, HOLDER, { states: ['terminating'] })).toMatchObject({ id });
      await repository.bury(id);
      await repository.insert(newUpload({ key: 'videos/1' }));
    });

    it('forgets a completed upload: its key is free at once, and nothing of its bytes is to be freed', async () => {
      const id = await overdueUpload({ key: 'videos/1', state: 'complete' });
      expect(await repository.expire(id, () => false)).toBe(true);
      expect(await found(repository, id)).toMatchObject({
        state: 'gone',
        ending: 'expired',
        key: 'videos/1',
        reference: null,
        content: 'stored',
        expiresAt: null,
      });
      await repository.insert(newUpload({ key: 'videos/1' }));
      expect(await repository.abandoned(['terminating'], 10)).toEqual([]);
      expect(await repository.releasing(10)).toEqual([]);
    });

    it('frees a completed upload, with the time of its completion', async () => {
      const id = await completeSingle(repository);
      const { completedAt } = await found(repository, id);
      await expired(id);
      expect(await repository.expire(id, () => true)).toBe(true);
      expect(await found(repository, id)).toMatchObject({ state: 'terminating', completedAt });
    });

    it('frees a complete partial, also one whose bytes went into a final, which stays', async () => {
      const [own, merged] = [await completePartial(repository), await completePartial(repository)];
      const final = await mergedFinal(repository, [merged]);
      for (const id of [own, merged]) {
        await expired(id);
        expect(await repository.expire(id, () => true)).toBe(true);
        await repository.bury(id);
        expect(await found(repository, id)).toMatchObject({ state: 'gone', ending: 'expired' });
      }
      expect(await found(repository, final.id)).toMatchObject({ state: 'complete', ending: null });
      expect(await repository.releasing(10)).toEqual([]);
    });

    it.each([true, false])(
      'a final takes the partials along whose bytes only it had (freed: %s)',
      async (free) => {
        const [released, kept] = [await completePartial(repository), await completePartial(repository)];
        for (const id of [released, kept]) await expired(id, -DAY);
        const other = await plannedFinal(repository, [kept]);
        const final = await mergedFinal(repository, [released, kept]);
        await repository.released([released]);
        await expired(final.id);
        expect(await repository.expire(final.id, () => free)).toBe(true);
        expect(await found(repository, released)).toMatchObject({
          state: 'gone',
          ending: 'expired',
          expiresAt: null,
        });
        expect(await found(repository, kept)).toMatchObject({
          state: 'complete',
          content: 'stored',
          pins: 1,
        });
        expect(await repository.completeFinal(other.id, 1, { offset: 10 }, true)).toBeDefined();
      },
    );

    it('a pending final lets go of its partials, and may be planned anew', async () => {
      const partial = await completePartial(repository);
      const plan = pendingPlan([partial]);
      const { final } = await repository.planFinal(plan);
      for (const id of [partial, final.id]) await expired(id);
      expect(await overdue()).toEqual([final.id]);
      expect(await repository.expire(final.id, () => true)).toBe(true);
      expect(await overdue()).toEqual([partial]);
      const again = finalPlan([partial], { dedupeKey: plan.final.dedupeKey });
      expect(await repository.planFinal(again)).toMatchObject({ created: true });
    });

    it('a merged final answers to its dedupe key until it is ended, and says that its time is over', async () => {
      const plan = finalPlan([await completePartial(repository)]);
      const { final } = await repository.planFinal(plan);
      await repository.completeFinal(final.id, 1, { offset: 10 }, false);
      await expired(final.id);
      const again = finalPlan(plan.partialIds, { dedupeKey: plan.final.dedupeKey });
      expect(await repository.planFinal(again)).toMatchObject({
        created: false,
        final: { id: final.id, expired: true },
      });
      await repository.expire(final.id, () => false);
      expect(await repository.planFinal(again)).toMatchObject({ created: true });
    });

    it.each([true, false])('an event that is pending outlives it (freed: %s)', async (free) => {
      const id = await completeSingle(repository);
      await expired(id);
      await repository.expire(id, () => free);
      if (free) await repository.bury(id);
      expect(await repository.forgetTombstones(0)).toBe(0);
      await age(connection, id, { column: 'delivery_until', by: 6_000 });
      const deliveries = new TypeOrmDeliveryRepository(connection, 'files');
      expect(await deliveries.claim(10)).toMatchObject([{ id, state: 'gone', delivery: 'pending' }]);
      await deliveries.delivered([id]);
      expect(await repository.forgetTombstones(0)).toBe(1);
    });

    it('needs an upload that is there, and whose time is over', async () => {
      const { id } = await repository.insert(newUpload({ expiresIn: DAY }));
      const before = await found(repository, id);
      expect(await repository.expire(id, () => true)).toBe(false);
      expect(await found(repository, id)).toEqual(before);
      expect(await repository.expire('unknown', () => true)).toBe(false);
    });

    it('of many at once, one does it', async () => {
      const id = await overdueUpload();
      const ended = await Promise.all(Array.from({ length: 10 }, () => repository.expire(id, () => true)));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await found(repository, id)).toMatchObject({ epoch: 1 });
    });

    it('whose answer was lost has been done', async () => {
      const id = await overdueUpload();
      connection.loseNext('COMMIT');
      await expect(repository.expire(id, () => true)).rejects.toThrow('was lost');
      expect(await found(repository, id)).toMatchObject({ state: 'terminating', ending: 'expired' });
      expect((await repository.abandoned(['terminating'], 10)).map((row) => row.id)).toEqual([id]);
    });

    it('of a plan and an expiry at once, the later sees the earlier', async () => {
      const race = async (partial: string): Promise<readonly [boolean, boolean]> => {
        const check = (rows: ReadonlyMap<string, UploadRecord>): FinalVerdict => {
          if (rows.get(partial)?.state !== 'complete') throw new Error('not complete');
          return { state: 'merging', length: 10 };
        };
        const [planned, ended] = await Promise.allSettled([
          repository.planFinal({ ...finalPlan([partial]), check }),
          repository.expire(partial, () => true),
        ]);
        return [planned.status === 'fulfilled', ended.status === 'fulfilled' && ended.value];
      };
      const partials = await Promise.all(Array.from({ length: 20 }, () => completePartial(repository)));
      for (const id of partials) await expired(id);
      for (const [planned, ended] of await Promise.all(partials.map(race))) expect(planned).toBe(!ended);
    });

    it('of a late write and an expiry at once, the later sees the earlier', async () => {
      const race = async (): Promise<void> => {
        const id = await overdueUpload({}, HOLDER);
        await lapse(id);
        const [written, ended] = await Promise.all([
          repository.write(id, 1, { offset: 10, extend: { by: DAY } }, true),
          repository.expire(id, () => true),
        ]);
        expect(written === undefined).toBe(ended);
        expect(await found(repository, id)).toMatchObject(
          ended ? { state: 'terminating', offset: 0 } : { state: 'open', offset: 10 },
        );
      };
      await Promise.all(Array.from({ length: 20 }, race));
    });
  });
}
