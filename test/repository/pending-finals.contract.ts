import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import type { FinalVerdict } from '../../src/repository/upload-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import {
  HOLDER,
  age,
  completePartial,
  endPartial,
  finalPlan,
  found,
  lossyRepository,
  newUpload,
  openPartial,
  pendingPlan,
  pinsOf,
} from './fixtures.js';

/** Finals that wait for partials (concatenation-unfinished). */
export function pendingFinalContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
  });
  afterEach(() => database.close());

  const pending = async (...partialIds: string[]): Promise<UploadRecord> =>
    (await repository.planFinal(pendingPlan(partialIds))).final;

  describe('planning a final that waits (CON-23)', () => {
    it('leaves it without a lease at epoch 0, lists its partials in order, and pins each once', async () => {
      const [a, b] = [await openPartial(repository), await completePartial(repository)];
      const plan = pendingPlan([b, a, b]);
      const { created, final } = await repository.planFinal(plan);
      expect(created).toBe(true);
      const { expiresIn: expiresAt, ...given } = plan.final;
      expect(final).toMatchObject({
        ...given,
        ...{
          expiresAt,
          state: 'pending',
          length: null,
          offset: 0,
          leaseHolder: null,
          epoch: 0,
          releasedEpoch: 0,
        },
      });
      expect(await repository.find(final.id)).toEqual(final);
      const list = await repository.partialsOf(final.id);
      expect(list.map(({ partial, consumer }) => [partial.id, consumer])).toEqual([
        [b, null],
        [a, null],
        [b, null],
      ]);
      expect(await pinsOf(repository, [a, b])).toEqual([1, 1]);
    });

    it('finds it again by its dedupe key, also when its partials are complete by then (CON-30)', async () => {
      const a = await openPartial(repository);
      const first = pendingPlan([a]);
      const { final } = await repository.planFinal(first);
      const { dedupeKey } = first.final;
      const again = await repository.planFinal(pendingPlan([a], { dedupeKey }));
      expect(again).toEqual({ created: false, final });
      await endPartial(repository, a);
      expect(await repository.planFinal(finalPlan([a], { dedupeKey }))).toEqual({ created: false, final });
      expect(await pinsOf(repository, [a])).toEqual([1]);
    });

    it('of twenty equal plans at once one makes it', async () => {
      const a = await openPartial(repository);
      const { dedupeKey } = pendingPlan([a]).final;
      const plans = Array.from({ length: 20 }, () => repository.planFinal(pendingPlan([a], { dedupeKey })));
      expect((await Promise.all(plans)).filter(({ created }) => created)).toHaveLength(1);
      expect(await pinsOf(repository, [a])).toEqual([1]);
    });

    it('pins are seen by the writer of a partial with the statement that completes it', async () => {
      const a = await openPartial(repository);
      const taken = await repository.take(a, HOLDER, { states: ['open'] });
      await pending(a);
      expect(taken?.pins).toBe(0);
      const change = { state: 'complete', offset: 10, completed: true } as const;
      expect(await repository.write(a, taken?.epoch ?? 0, change, true)).toMatchObject({ pins: 1 });
    });

    it('of a plan and the completion of its partial at once, the later sees the earlier (CON-25)', async () => {
      const race = async (partial: string): Promise<void> => {
        const check = (rows: ReadonlyMap<string, UploadRecord>): FinalVerdict => ({
          state: rows.get(partial)?.state === 'complete' ? 'merging' : 'pending',
          length: 10,
        });
        const [{ final }, completed] = await Promise.all([
          repository.planFinal({ ...finalPlan([partial]), check }),
          endPartial(repository, partial),
        ]);
        expect([final.state, completed.pins]).toEqual(completed.pins === 1 ? ['pending', 1] : ['merging', 0]);
      };
      const partials = await Promise.all(Array.from({ length: 20 }, () => openPartial(repository)));
      await Promise.all(partials.map(race));
    });
  });

  describe('finals that wait for a partial', () => {
    it('are named once each, however often they list it, and no others', async () => {
      const [a, b] = [await openPartial(repository), await openPartial(repository)];
      const [one, two, other] = [await pending(a, b, a), await pending(a), await pending(b)];
      expect((await repository.finalsWaitingFor(a)).sort()).toEqual([one.id, two.id].sort());
      expect((await repository.finalsWaitingFor(b)).sort()).toEqual([one.id, other.id].sort());
      expect(await repository.finalsWaitingFor('unknown')).toEqual([]);
      expect(await new TypeOrmUploadRepository(connection, 'images').finalsWaitingFor(a)).toEqual([]);
    });

    it('are not those that merge already, or were given up', async () => {
      const a = await openPartial(repository);
      const [merging, failed, deleted] = [await pending(a), await pending(a), await pending(a)];
      for (const { id } of [merging, failed, deleted])
        await repository.take(id, HOLDER, { states: ['pending'] });
      await repository.write(merging.id, 1, { state: 'merging', length: 10 }, false);
      await repository.failFinal(failed.id, 1);
      await repository.terminate(deleted.id, 1);
      expect(await repository.finalsWaitingFor(a)).toEqual([]);
    });
  });

  describe('finals that are decided', () => {
    const decided = (limit = 10): Promise<string[]> => repository.decidedFinals(limit);

    it('have every partial complete, or one that has ended, whatever the others do', async () => {
      const [a, b, c] = [
        await openPartial(repository),
        await openPartial(repository),
        await openPartial(repository, null),
      ];
      const [both, first, last] = [await pending(a, b, a), await pending(a), await pending(b, c)];
      expect(await decided()).toEqual([]);
      await endPartial(repository, a);
      expect(await decided()).toEqual([first.id]);
      await endPartial(repository, b);
      expect((await decided()).sort()).toEqual([both.id, first.id].sort());
      const failing = await pending(c, await openPartial(repository));
      await endPartial(repository, c, 'failed');
      expect((await decided()).sort()).toEqual([both.id, first.id, last.id, failing.id].sort());
      await repository.bury(c);
      expect(await decided()).toHaveLength(4);
    });

    it('come oldest first, as many as are asked for, of this registration only', async () => {
      const a = await completePartial(repository);
      const [young, old] = [await pending(a), await pending(a)];
      await age(connection, old.id, { column: 'updated_at', by: 1_000 });
      expect(await decided()).toEqual([old.id, young.id]);
      expect(await decided(1)).toEqual([old.id]);
      expect(await new TypeOrmUploadRepository(connection, 'images').decidedFinals(10)).toEqual([]);
    });

    it('are not those that merge, ordinary uploads or tombstones', async () => {
      const a = await completePartial(repository);
      await repository.planFinal(finalPlan([a]));
      await repository.insert(newUpload({ state: 'finishing' }));
      const { id } = await pending(a);
      await repository.take(id, HOLDER, { states: ['pending'] });
      await repository.terminate(id, 1);
      expect(await decided()).toEqual([]);
    });
  });

  describe('a final that waits', () => {
    it('is taken by one, merges under that lease, and completes like any other (CON-24)', async () => {
      const a = await openPartial(repository);
      const { id } = await pending(a);
      await endPartial(repository, a);
      const takes = await Promise.all(
        [1, 2, 3].map((n) => repository.take(id, `process-${n}`, { states: ['pending'] })),
      );
      const [taken, ...others] = takes.filter((record) => record !== undefined);
      expect(others).toEqual([]);
      expect(taken).toMatchObject({ state: 'pending', epoch: 1, releasedEpoch: 0 });
      expect(await repository.write(id, 1, { state: 'merging', length: 10 }, false)).toMatchObject({
        state: 'merging',
        length: 10,
      });
      expect(await repository.claimBytes(a, id)).toBe(true);
      expect(await repository.completeFinal(id, 1, { offset: 10 }, true)).toMatchObject({
        state: 'complete',
      });
      expect(await found(repository, a)).toMatchObject({ content: 'releasing', consumedBy: id, pins: 0 });
      expect(await repository.take(id, HOLDER, { states: ['pending'] })).toBeUndefined();
    });

    it('says where its entries begin, although their lengths came later (CON-20)', async () => {
      const [a, b] = [await openPartial(repository, null), await completePartial(repository, 20)];
      const { id } = await pending(b, a, b);
      await endPartial(repository, a);
      await repository.take(id, HOLDER, { states: ['pending'] });
      await repository.completeFinal(id, 1, { offset: 50 }, true);
      const next = await repository.planFinal(finalPlan([a, b]));
      const list = await repository.partialsOf(next.final.id);
      expect(list.map(({ consumer }) => consumer?.start)).toEqual([20, 0]);
    });

    it('that fails frees its dedupe key and its partials, also those that take bytes still (CON-21)', async () => {
      const [a, b] = [await openPartial(repository), await completePartial(repository)];
      const plan = pendingPlan([a, b, a]);
      const { final } = await repository.planFinal(plan);
      expect(await repository.failFinal(final.id, 0)).toBe(false);
      await repository.take(final.id, HOLDER, { states: ['pending'] });
      connection.loseNext('COMMIT');
      expect(await repository.failFinal(final.id, 1)).toBe(true);
      expect(await found(repository, final.id)).toMatchObject({
        ...{ state: 'terminating', ending: 'failed', dedupeKey: null, leaseHolder: null },
      });
      expect(await pinsOf(repository, [a, b])).toEqual([0, 0]);
      expect(await found(repository, a)).toMatchObject({ state: 'open' });
      const again = pendingPlan([a, b, a], { dedupeKey: plan.final.dedupeKey });
      expect(await repository.planFinal(again)).toMatchObject({ created: true });
    });

    it('that is deleted does the same, and is not touched without its lease (CON-29)', async () => {
      const a = await openPartial(repository);
      const { id } = await pending(a);
      expect(await repository.terminate(id, undefined)).toBe('lost');
      expect(await repository.terminate(id, 0)).toBe('lost');
      await repository.take(id, HOLDER, { states: ['pending'] });
      expect(await repository.terminate(id, 1)).toBe('done');
      expect(await found(repository, a)).toMatchObject({ state: 'open', pins: 0 });
    });

    it('keeps a partial from being deleted, with and without the lease of its writer (CON-29)', async () => {
      const a = await openPartial(repository);
      await pending(a);
      const taken = await repository.take(a, HOLDER, { states: ['open'] });
      expect(await repository.terminate(a, taken?.epoch)).toBe('pinned');
      await repository.write(a, taken?.epoch ?? 0, { state: 'complete', offset: 10 }, true);
      expect(await repository.terminate(a, undefined)).toBe('pinned');
    });

    it('keeps a partial that has ended on record until it is given up itself', async () => {
      const a = await openPartial(repository);
      const { id } = await pending(a);
      await endPartial(repository, a, 'failed');
      await repository.bury(a);
      expect(await repository.forgetTombstones(0)).toBe(0);
      await repository.take(id, HOLDER, { states: ['pending'] });
      await repository.failFinal(id, 1);
      expect(await repository.forgetTombstones(0)).toBe(1);
    });
  });
}
