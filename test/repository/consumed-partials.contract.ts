import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { MakeDatabase, TestDatabase } from './fixtures.js';
import { completePartial, finalPlan, found, mergedFinal, pinsOf, plannedFinal } from './fixtures.js';

export function consumedPartialContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    database = await make();
    repository = new TypeOrmUploadRepository(database.connection, 'files');
  });
  afterEach(() => database.close());

  const partials = async (...lengths: number[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const length of lengths) ids.push(await completePartial(repository, length));
    return ids;
  };
  const listed = async (finalId: string) => {
    const list = await repository.partialsOf(finalId);
    return list.map(({ partial, consumer }) => [partial.id, consumer && [consumer.final.id, consumer.start]]);
  };

  describe('partials whose bytes a final has', () => {
    it('are read out of it, from where they first begin in it (CON-27)', async () => {
      const [a, b, c] = await partials(10, 20, 5);
      const consumer = await mergedFinal(repository, [a!, b!, a!, c!]);
      const final = await plannedFinal(repository, [c!, b!, a!]);
      expect(await listed(final.id)).toEqual([
        [c, [consumer.id, 40]],
        [b, [consumer.id, 10]],
        [a, [consumer.id, 0]],
      ]);
      const [entry] = await repository.partialsOf(final.id);
      expect(entry?.consumer?.final).toEqual(await repository.find(consumer.id));
    });

    it('are not handed over with the plan: the list is read when it is needed', async () => {
      const [a, b, c] = await partials(10, 20, 5);
      await mergedFinal(repository, [a!]);
      const claiming = await plannedFinal(repository, [b!]);
      await repository.claimBytes(b!, claiming.id);
      for (const one of [a!, b!]) {
        const planned = await repository.planFinal(finalPlan([c!, one]));
        expect(planned.created).toBe(true);
        expect(planned).not.toHaveProperty('list');
      }
    });

    it('come from as many finals as took them, beside bytes of their own', async () => {
      const [a, b, c] = await partials(10, 20, 5);
      const one = await mergedFinal(repository, [a!]);
      const other = await mergedFinal(repository, [a!, b!]);
      const final = await plannedFinal(repository, [b!, a!, c!]);
      expect(await listed(final.id)).toEqual([
        [b, [other.id, 10]],
        [a, [one.id, 0]],
        [c, null],
      ]);
    });

    it('pin that final once, and unpin exactly it', async () => {
      const [a, b] = await partials(10, 20);
      const consumer = await mergedFinal(repository, [a!, b!]);
      const final = await plannedFinal(repository, [a!, b!, a!]);
      const other = await plannedFinal(repository, [b!]);
      expect(await pinsOf(repository, [a!, b!, consumer.id])).toEqual([1, 2, 2]);
      await repository.released([a!, b!]);
      expect(await repository.failFinal(final.id, 1)).toBe(true);
      expect(await pinsOf(repository, [a!, b!, consumer.id])).toEqual([0, 1, 1]);
      await repository.completeFinal(other.id, 1, { offset: 20 }, true);
      expect(await pinsOf(repository, [a!, b!, consumer.id])).toEqual([0, 0, 0]);
      expect(await found(repository, b!)).toMatchObject({ content: 'released', consumedBy: consumer.id });
    });

    it('a final is not unpinned by one that planned before its merge', async () => {
      const [a, b] = await partials(10, 20);
      const early = await plannedFinal(repository, [a!]);
      const consumer = await mergedFinal(repository, [b!]);
      await repository.failFinal(early.id, 1);
      const late = await plannedFinal(repository, [b!]);
      expect(await pinsOf(repository, [consumer.id])).toEqual([1]);
      await repository.failFinal(late.id, 1);
      expect(await pinsOf(repository, [a!, b!, consumer.id])).toEqual([0, 0, 0]);
    });
  });

  describe('claiming the bytes of a partial', () => {
    it('is for the one final that pins it, and holds for every repetition', async () => {
      const [a, b] = await partials(10, 20);
      const final = await plannedFinal(repository, [a!]);
      expect(await repository.claimBytes(b!, final.id)).toBe(false);
      expect(await repository.claimBytes(a!, 'unknown')).toBe(false);
      expect(await repository.claimBytes(a!, final.id)).toBe(true);
      await plannedFinal(repository, [a!]);
      expect(await repository.claimBytes(a!, final.id)).toBe(true);
    });

    it('is refused while another final pins it', async () => {
      const [a] = await partials(10);
      const final = await plannedFinal(repository, [a!]);
      const other = await plannedFinal(repository, [a!]);
      expect(await repository.claimBytes(a!, final.id)).toBe(false);
      await repository.failFinal(other.id, 1);
      expect(await repository.claimBytes(a!, other.id)).toBe(false);
      expect(await repository.claimBytes(a!, final.id)).toBe(true);
    });

    it('is refused for ever once another final has claimed it', async () => {
      const [a] = await partials(10);
      const failed = await plannedFinal(repository, [a!]);
      await repository.claimBytes(a!, failed.id);
      await repository.failFinal(failed.id, 1);
      const final = await plannedFinal(repository, [a!]);
      expect(await repository.claimBytes(a!, final.id)).toBe(false);
      expect(await listed(final.id)).toEqual([[a, null]]);
      expect(await pinsOf(repository, [a!, failed.id])).toEqual([1, 0]);
    });

    it('keeps its final for whoever plans with the partial meanwhile', async () => {
      const [a] = await partials(10);
      const claiming = await plannedFinal(repository, [a!]);
      await repository.claimBytes(a!, claiming.id);
      const other = await plannedFinal(repository, [a!]);
      expect(await listed(other.id)).toEqual([[a, null]]);
      // The other final still pins the partial, whose bytes are nevertheless gone into the first.
      await repository.completeFinal(claiming.id, 1, { offset: 10 }, true);
      expect(await listed(other.id)).toEqual([[a, [claiming.id, 0]]]);
      expect(await repository.terminate(claiming.id, undefined)).toBe('pinned');
      await repository.completeFinal(other.id, 1, { offset: 10 }, true);
      expect(await pinsOf(repository, [a!, claiming.id])).toEqual([0, 0]);
      expect(await repository.terminate(claiming.id, undefined)).toBe('done');
    });

    it('is decided once when two finals claim at the same time', async () => {
      const [a] = await partials(10);
      const first = await plannedFinal(repository, [a!]);
      const second = await plannedFinal(repository, [a!]);
      const claims = await Promise.all([first.id, second.id].map((id) => repository.claimBytes(a!, id)));
      expect(claims).toEqual([false, false]);
    });
  });
}
