import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import type { FinalVerdict } from '../../src/repository/upload-repository.js';
import type { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import {
  HOLDER,
  completePartial,
  completeSingle,
  finalPlan,
  found,
  lossyRepository,
  mergedFinal,
  newUpload,
  pinsOf,
  plannedFinal,
} from './fixtures.js';

export function endingContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
  });
  afterEach(() => database.close());

  describe('terminating (TER-01)', () => {
    it.each(['open', 'finishing', 'complete', 'failed'] as const)(
      'an upload that is %s, under its lease',
      async (state) => {
        const { id } = await repository.insert(newUpload({ state }), HOLDER);
        expect(await repository.terminate(id, 1)).toBe('done');
        expect(await found(repository, id)).toMatchObject({
          state: 'terminating',
          ending: 'terminated',
          leaseHolder: null,
          releasedEpoch: 1,
        });
      },
    );

    it.each(['planning', 'pending', 'merging', 'finishing'] as const)(
      'a final that is %s unpins its partials (CON-29)',
      async (state) => {
        const partial = await completePartial(repository);
        const plan = finalPlan([partial]);
        const { final } = await repository.planFinal(plan);
        await repository.write(final.id, 1, { state }, false);
        expect(await repository.terminate(final.id, 1)).toBe('done');
        expect(await found(repository, final.id)).toMatchObject({ state: 'terminating', dedupeKey: null });
        expect(await found(repository, partial)).toMatchObject({
          state: 'complete',
          content: 'stored',
          pins: 0,
        });
        const again = finalPlan([partial], { dedupeKey: plan.final.dedupeKey });
        expect(await repository.planFinal(again)).toMatchObject({ created: true });
      },
    );

    it.each(['complete', 'failed'] as const)('an upload that is %s needs no lease', async (state) => {
      const { id } = await repository.insert(newUpload({ state }));
      expect(await repository.terminate(id, undefined)).toBe('done');
    });

    it.each(['open', 'finishing', 'planning', 'pending', 'merging', 'terminating', 'gone'] as const)(
      'an upload that is %s is not touched without a lease',
      async (state) => {
        const { id } = await repository.insert(newUpload({ state }));
        expect(await repository.terminate(id, undefined)).toBe('lost');
        expect(await found(repository, id)).toMatchObject({ state, ending: null });
      },
    );

    it('a lease that went to somebody else terminates nothing', async () => {
      const { id } = await repository.insert(newUpload(), HOLDER);
      expect(await repository.terminate(id, 2)).toBe('lost');
      await repository.write(id, 1, {}, true);
      expect(await repository.terminate(id, 1)).toBe('lost');
      expect(await repository.terminate('unknown', 1)).toBe('lost');
      expect(await found(repository, id)).toMatchObject({ state: 'open' });
    });

    it('a pinned partial stays as it is, with and without a lease (CON-29)', async () => {
      const partial = await completePartial(repository);
      await plannedFinal(repository, [partial]);
      expect(await repository.terminate(partial, undefined)).toBe('pinned');
      const taken = await repository.take(partial, HOLDER, { states: ['complete'] });
      expect(await repository.terminate(partial, taken?.epoch)).toBe('pinned');
      expect(await found(repository, partial)).toMatchObject({ state: 'complete', leaseHolder: HOLDER });
    });

    it('of two terminations at once, one is done (TER-03)', async () => {
      const id = await completeSingle(repository);
      const results = await Promise.all([1, 2].map(() => repository.terminate(id, undefined)));
      expect(results.sort()).toEqual(['done', 'lost']);
    });

    it('of a plan and a termination at once, the later sees the earlier', async () => {
      const race = async (partial: string): Promise<readonly [boolean, boolean]> => {
        const check = (rows: ReadonlyMap<string, UploadRecord>): FinalVerdict => {
          if (rows.get(partial)?.state !== 'complete') throw new Error('not complete');
          return { state: 'merging', length: 10 };
        };
        const [planned, terminated] = await Promise.allSettled([
          repository.planFinal({ ...finalPlan([partial]), check }),
          repository.terminate(partial, undefined),
        ]);
        const pinned = terminated.status === 'fulfilled' && terminated.value === 'pinned';
        return [planned.status === 'fulfilled', pinned];
      };
      const partials = await Promise.all(Array.from({ length: 20 }, () => completePartial(repository)));
      for (const [planned, pinned] of await Promise.all(partials.map(race))) expect(planned).toBe(pinned);
    });

    it('of a plan that reads from a merged final and its termination at once, the later sees the earlier', async () => {
      const race = async (): Promise<void> => {
        const partial = await completePartial(repository);
        const consumer = await mergedFinal(repository, [partial]);
        const [planned, terminated] = await Promise.all([
          repository.planFinal(finalPlan([partial])),
          repository.terminate(consumer.id, undefined),
        ]);
        const [entry] = await repository.partialsOf(planned.final.id);
        const isRead = entry?.consumer?.final.state === 'complete';
        expect([isRead, await pinsOf(repository, [consumer.id])]).toEqual(
          terminated === 'pinned' ? [true, [1]] : [false, [0]],
        );
      };
      await Promise.all(Array.from({ length: 20 }, race));
    });

    it('a merged final that another one reads from is pinned', async () => {
      const partial = await completePartial(repository);
      const consumer = await mergedFinal(repository, [partial]);
      const reader = await plannedFinal(repository, [partial]);
      expect(await repository.terminate(consumer.id, undefined)).toBe('pinned');
      await repository.failFinal(reader.id, 1);
      expect(await repository.terminate(consumer.id, undefined)).toBe('done');
    });

    it('partials whose bytes only a merged final had go with it (CON-27)', async () => {
      const released = await completePartial(repository);
      const releasing = await completePartial(repository);
      const kept = await completePartial(repository);
      const other = await plannedFinal(repository, [kept]);
      const final = await mergedFinal(repository, [released, releasing, kept]);
      await repository.released([released]);
      expect(await repository.terminate(final.id, undefined)).toBe('done');
      for (const id of [released, releasing]) {
        expect(await found(repository, id)).toMatchObject({ state: 'gone', ending: 'terminated' });
      }
      expect(await found(repository, kept)).toMatchObject({ state: 'complete', content: 'stored', pins: 1 });
      // Their own bytes are still to be freed.
      expect((await repository.releasing(10)).map(({ id }) => id)).toEqual([releasing]);
      expect(await repository.completeFinal(other.id, 1, { offset: 10 }, true)).toBeDefined();
      expect(await pinsOf(repository, [final.id])).toEqual([0]);
    });

    it('a termination whose answer was lost has been done', async () => {
      const { id } = await repository.insert(newUpload(), HOLDER);
      connection.loseNext('COMMIT');
      expect(await repository.terminate(id, 1)).toBe('done');
      expect(await repository.terminate(id, 1)).toBe('done');
      const complete = await completeSingle(repository);
      connection.loseNext('COMMIT');
      expect(await repository.terminate(complete, undefined)).toBe('done');
      expect(await repository.terminate(complete, undefined)).toBe('lost');
    });

    it('an event that is pending outlives the termination', async () => {
      const id = await completeSingle(repository);
      await repository.terminate(id, undefined);
      await repository.bury(id);
      expect(await repository.forgetTombstones(0)).toBe(0);
      expect(await found(repository, id)).toMatchObject({ state: 'gone', delivery: 'pending' });
    });
  });

  describe('burying', () => {
    it('leaves a tombstone whose key may be used again', async () => {
      const { id } = await repository.insert(newUpload({ key: 'videos/1' }), HOLDER);
      await repository.write(id, 1, { reference: 'segments:1' }, false);
      await repository.terminate(id, 1);
      await repository.bury(id);
      expect(await found(repository, id)).toMatchObject({
        state: 'gone',
        ending: 'terminated',
        key: 'videos/1',
        reference: null,
        content: 'released',
      });
      await repository.insert(newUpload({ key: 'videos/1' }));
    });

    it('keeps the ending, and gives back a lease under which the bytes were freed', async () => {
      const final = await plannedFinal(repository, [await completePartial(repository)]);
      await repository.failFinal(final.id, 1);
      await repository.take(final.id, HOLDER, { states: ['terminating'] });
      await repository.bury(final.id);
      expect(await found(repository, final.id)).toMatchObject({
        state: 'gone',
        ending: 'failed',
        leaseHolder: null,
      });
    });

    it('touches no upload that is not terminating', async () => {
      const id = await completeSingle(repository);
      await repository.bury(id);
      await repository.erase(id);
      expect(await found(repository, id)).toMatchObject({ state: 'complete' });
    });

    it('a terminating partial whose merged bytes were still to be freed has no bytes left', async () => {
      const partial = await completePartial(repository);
      await mergedFinal(repository, [partial]);
      expect(await repository.terminate(partial, undefined)).toBe('done');
      await repository.bury(partial);
      expect(await repository.releasing(10)).toEqual([]);
    });
  });

  it('an erased upload leaves no row and no list', async () => {
    const partial = await completePartial(repository);
    const final = await plannedFinal(repository, [partial]);
    await repository.terminate(final.id, 1);
    await repository.erase(final.id);
    expect(await repository.find(final.id)).toBeUndefined();
    const [count] = await connection.query<{ rows: number }>(
      'SELECT COUNT(*) AS "rows" FROM tus_final_partial',
    );
    expect(Number(count?.rows)).toBe(0);
    expect(await pinsOf(repository, [partial])).toEqual([0]);
  });
}
