import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyConflictError } from '../../src/model/errors/key-conflict.error.js';
import type { SqlSession } from '../../src/repository/typeorm/sql-connection.js';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import type { FinalVerdict } from '../../src/repository/upload-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { MakeDatabase, TestDatabase } from './fixtures.js';
import {
  HOLDER,
  completePartial,
  finalPlan,
  found,
  LossyConnection,
  lossyRepository,
  newUpload,
  passing,
  pinsOf,
  plannedFinal,
} from './fixtures.js';

export function finalContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
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

  describe('planning', () => {
    it('a planned final is leased, as long as the check says, and lists its partials in order (CON-14)', async () => {
      const [a, b] = await partials(10, 20);
      const plan = finalPlan([b!, a!, b!]);
      const { created, final } = await repository.planFinal(plan);
      expect(created).toBe(true);
      const { expiresIn: expiresAt, ...given } = plan.final;
      expect(final).toMatchObject({ ...given, expiresAt, length: 50, offset: 0 });
      expect(final).toMatchObject({ leaseHolder: HOLDER, epoch: 1 });
      expect(await repository.find(final.id)).toMatchObject({ state: 'merging', length: 50 });
      expect(await listed(final.id)).toEqual([
        [b, null],
        [a, null],
        [b, null],
      ]);
    });

    it('a plan hands over the list that would be read after it', async () => {
      const [a, b] = await partials(10, 20);
      const planned = await repository.planFinal(finalPlan([b!, a!, b!]));
      const list = await repository.partialsOf(planned.final.id);
      const unpinned = list.map(({ partial, consumer }) => ({ partial: { ...partial, pins: 0 }, consumer }));
      expect(planned).toMatchObject({ created: true, list: unpinned });
    });

    it('pins a partial once, however often it is listed, and takes no lease on it', async () => {
      const [a, b] = await partials(10, 20);
      await plannedFinal(repository, [a!, b!, a!, a!]);
      expect(await pinsOf(repository, [a!, b!])).toEqual([1, 1]);
      await plannedFinal(repository, [a!]);
      expect(await pinsOf(repository, [a!, b!])).toEqual([2, 1]);
      expect(await found(repository, a!)).toMatchObject({ leaseHolder: null, epoch: 1 });
    });

    it('the check is given each row once, and what it throws changes nothing', async () => {
      const [a] = await partials(10);
      const refusal = new Error('position 2 does not exist');
      let seen: ReadonlyMap<string, UploadRecord> | undefined;
      const plan = finalPlan([a!, 'unknown', a!]);
      const check = (rows: ReadonlyMap<string, UploadRecord>): never => {
        seen = rows;
        throw refusal;
      };
      await expect(repository.planFinal({ ...plan, check })).rejects.toBe(refusal);
      expect([...(seen ?? [])]).toEqual([[a, await found(repository, a!)]]);
      expect(await repository.find(plan.final.id)).toBeUndefined();
      expect(await repository.partialsOf(plan.final.id)).toEqual([]);
      expect(await pinsOf(repository, [a!])).toEqual([0]);
    });

    it('never plans over a partial that has no row, or one of another registration', async () => {
      const other = new TypeOrmUploadRepository(connection, 'images');
      const foreign = await completePartial(other);
      await expect(repository.planFinal(finalPlan(['unknown']))).rejects.toThrow('unknown');
      await expect(repository.planFinal(finalPlan([foreign]))).rejects.toThrow(foreign);
      expect(await pinsOf(other, [foreign])).toEqual([0]);
    });

    it('a repeated plan returns the same final and pins nothing again (CON-30)', async () => {
      const ids = await partials(10, 20);
      const first = finalPlan(ids);
      const { final } = await repository.planFinal(first);
      let judged = false;
      const check = (): FinalVerdict => {
        judged = true;
        return { state: 'merging', length: 30 };
      };
      const again = { ...finalPlan(ids, { dedupeKey: first.final.dedupeKey }), check };
      expect(await repository.planFinal(again)).toMatchObject({ created: false, final: { id: final.id } });
      await repository.completeFinal(final.id, 1, { offset: 30 }, true);
      expect(await repository.planFinal(again)).toMatchObject({
        created: false,
        final: { id: final.id, state: 'complete' },
      });
      // Its partials may be released by now, and nobody asks.
      expect(judged).toBe(false);
      expect(await pinsOf(repository, ids)).toEqual([0, 0]);
    });

    it('of twenty equal plans at once one makes the final, and the others return it', async () => {
      const ids = await partials(10, 20);
      const { dedupeKey } = finalPlan(ids).final;
      const plans = Array.from({ length: 20 }, () => repository.planFinal(finalPlan(ids, { dedupeKey })));
      const planned = await Promise.all(plans);
      expect(planned.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(planned.map(({ final }) => final.id)).size).toBe(1);
      expect(await pinsOf(repository, ids)).toEqual([1, 1]);
    });

    it('a final that another request inserted between the look and the insert is returned', async () => {
      const [a] = await partials(10);
      const rival = finalPlan([a!]);
      const { final } = await repository.planFinal(rival);
      const plan = finalPlan([a!], { dedupeKey: rival.final.dedupeKey });
      // The first look inside the transaction finds nothing, as if the rival had committed just after it.
      const blind = new BlindConnection(database.connection);
      const racing = new TypeOrmUploadRepository(blind, 'files');
      expect(await racing.planFinal(plan)).toMatchObject({ created: false, final: { id: final.id } });
      expect(await pinsOf(repository, [a!])).toEqual([1]);
      expect(await repository.find(plan.final.id)).toBeUndefined();
    });

    it('a plan whose commit was not heard of resolves with the final it made', async () => {
      const [a] = await partials(10);
      const plan = finalPlan([a!]);
      connection.loseNext('COMMIT');
      expect(await repository.planFinal(plan)).toMatchObject({ created: true, final: { id: plan.final.id } });
      expect(await pinsOf(repository, [a!])).toEqual([1]);
    });

    it('a plan that failed before its commit leaves nothing and says so', async () => {
      const [a] = await partials(10);
      const plan = finalPlan([a!]);
      const breaking = new BreakingConnection(database.connection, 'SET pins');
      const broken = new TypeOrmUploadRepository(breaking, 'files');
      await expect(broken.planFinal(plan)).rejects.toThrow('disk I/O error');
      expect(await repository.find(plan.final.id)).toBeUndefined();
      expect(await repository.partialsOf(plan.final.id)).toEqual([]);
    });

    it('a final cannot have the key of another upload', async () => {
      const [a] = await partials(10);
      await repository.insert(newUpload({ key: 'taken' }));
      await expect(repository.planFinal(finalPlan([a!], { key: 'taken' }))).rejects.toBeInstanceOf(
        KeyConflictError,
      );
      expect(await pinsOf(repository, [a!])).toEqual([0]);
    });

    it('pins add up whatever is planned, ended and terminated at once (CON-29)', async () => {
      const ids = await partials(...Array<number>(8).fill(10));
      const ending = async (n: number): Promise<void> => {
        const steps = n % 2 ? [0, 3, 1] : [1, 3, 0];
        const some = steps.map((step) => ids[(n * 5 + step) % ids.length]!);
        const { final } = await repository.planFinal(finalPlan(some));
        if (n % 3 === 0) await repository.failFinal(final.id, 1);
        else if (n % 3 === 1) await repository.completeFinal(final.id, 1, { offset: 30 }, true);
        else expect(await repository.terminate(final.id, 1)).toBe('done');
      };
      const terminations = ids.map((id) => repository.terminate(id, undefined));
      await Promise.all([...Array.from({ length: 24 }, (_, n) => ending(n)), ...terminations]);
      expect(await pinsOf(repository, ids)).toEqual(ids.map(() => 0));
      const finals = await repository.list({ kind: 'final', limit: 100 });
      expect(finals.map(({ pins, leaseHolder }) => [pins, leaseHolder])).toEqual(finals.map(() => [0, null]));
    });

    it('a thousand partials are planned, listed in order, and unpinned', async () => {
      const ids = Array.from({ length: 1_000 }, (_, n) => `partial-${n}`);
      const uploads = ids.map((id) => newUpload({ id, kind: 'partial', state: 'complete', length: 7 }));
      await Promise.all(uploads.map((upload) => repository.insert(upload)));
      const final = await plannedFinal(repository, ids);
      expect((await repository.partialsOf(final.id)).map(({ partial }) => partial.id)).toEqual(ids);
      expect(await repository.completeFinal(final.id, 1, { offset: 7_000 }, true)).toBeDefined();
      const list = await repository.partialsOf(final.id);
      expect(list.map(({ consumer }) => consumer?.start)).toEqual(ids.map((_, n) => n * 7));
      expect(new Set(list.map(({ partial }) => partial.pins))).toEqual(new Set([0]));
    });
  });

  describe('completing and failing', () => {
    it('completes under the lease, releases it, unpins, and releases the partials (CON-27)', async () => {
      const ids = await partials(10, 20);
      const final = await plannedFinal(repository, [...ids, ids[0]!]);
      const completed = await repository.completeFinal(
        final.id,
        1,
        { offset: 40, delivery: 'pending' },
        true,
      );
      expect(completed).toMatchObject({
        state: 'complete',
        offset: 40,
        delivery: 'pending',
        leaseHolder: null,
        releasedEpoch: 1,
      });
      expect(completed?.completedAt).toEqual(expect.any(Number));
      for (const id of ids) {
        const partial = await found(repository, id);
        expect(partial).toMatchObject({
          state: 'complete',
          content: 'releasing',
          consumedBy: final.id,
          pins: 0,
        });
      }
    });

    it('keeps the bytes of the partials where that is wanted', async () => {
      const ids = await partials(10);
      const final = await plannedFinal(repository, ids);
      await repository.completeFinal(final.id, 1, { offset: 10 }, false);
      expect(await found(repository, ids[0]!)).toMatchObject({
        content: 'stored',
        consumedBy: null,
        pins: 0,
      });
      expect(await listed(final.id)).toEqual([[ids[0], null]]);
    });

    it('a partial that another final pins is released by the last of them (CON-14)', async () => {
      const [a] = await partials(10);
      const first = await plannedFinal(repository, [a!]);
      const second = await plannedFinal(repository, [a!]);
      await repository.completeFinal(first.id, 1, { offset: 10 }, true);
      expect(await found(repository, a!)).toMatchObject({ content: 'stored', consumedBy: null, pins: 1 });
      await repository.completeFinal(second.id, 1, { offset: 10 }, true);
      expect(await found(repository, a!)).toMatchObject({
        content: 'releasing',
        consumedBy: second.id,
        pins: 0,
      });
    });

    it('only the holder of the lease completes or fails a final, and only once', async () => {
      const [a] = await partials(10);
      const final = await plannedFinal(repository, [a!]);
      expect(await repository.completeFinal(final.id, 2, { offset: 10 }, true)).toBeUndefined();
      expect(await repository.failFinal(final.id, 2)).toBe(false);
      expect(await pinsOf(repository, [a!])).toEqual([1]);
      const [completed, ...failed] = await Promise.all([
        repository.completeFinal(final.id, 1, { offset: 10 }, true),
        repository.failFinal(final.id, 1),
        repository.failFinal(final.id, 1),
      ]);
      expect(failed).toEqual(completed ? [false, false] : [true, true]);
      const ended = completed
        ? { state: 'complete', ending: null }
        : { state: 'terminating', ending: 'failed' };
      expect(await found(repository, final.id)).toMatchObject(ended);
      expect(await pinsOf(repository, [a!])).toEqual([0]);
    });

    it('an upload that is no final is never completed or failed as one', async () => {
      const { id } = await repository.insert(newUpload({ state: 'finishing' }), HOLDER);
      expect(await repository.completeFinal(id, 1, { offset: 100 }, true)).toBeUndefined();
      expect(await repository.failFinal(id, 1)).toBe(false);
      expect(await found(repository, id)).toMatchObject({ state: 'finishing', leaseHolder: HOLDER });
    });

    it('a failed final frees its dedupe key and its partials, which keep their bytes (CON-31)', async () => {
      const ids = await partials(10, 20);
      const plan = finalPlan(ids);
      const { final } = await repository.planFinal(plan);
      expect(await repository.failFinal(final.id, 1)).toBe(true);
      expect(await found(repository, final.id)).toMatchObject({
        state: 'terminating',
        ending: 'failed',
        dedupeKey: null,
        leaseHolder: null,
        releasedEpoch: 1,
      });
      expect(await pinsOf(repository, ids)).toEqual([0, 0]);
      expect(await found(repository, ids[0]!)).toMatchObject({ content: 'stored', consumedBy: null });
      const again = finalPlan(ids, { dedupeKey: plan.final.dedupeKey });
      expect(await repository.planFinal(again)).toMatchObject({ created: true });
    });

    it('a completion or failure whose answer was lost has succeeded', async () => {
      const [a] = await partials(10);
      const first = await plannedFinal(repository, [a!]);
      connection.loseNext('COMMIT');
      expect(await repository.completeFinal(first.id, 1, { offset: 10 }, false)).toMatchObject({
        state: 'complete',
      });
      expect(await repository.completeFinal(first.id, 1, { offset: 10 }, false)).toMatchObject({
        state: 'complete',
      });
      const second = await plannedFinal(repository, [a!]);
      connection.loseNext('COMMIT');
      expect(await repository.failFinal(second.id, 1)).toBe(true);
      expect(await pinsOf(repository, [a!])).toEqual([0]);
    });

    it('a completion that breaks in its middle changes nothing', async () => {
      const [a] = await partials(10);
      const final = await plannedFinal(repository, [a!]);
      const breaking = new BreakingConnection(database.connection, `content = 'releasing'`);
      const broken = new TypeOrmUploadRepository(breaking, 'files');
      await expect(broken.completeFinal(final.id, 1, { offset: 10 }, true)).rejects.toThrow('disk I/O error');
      expect(await found(repository, final.id)).toMatchObject({ state: 'merging', leaseHolder: HOLDER });
      expect(await pinsOf(repository, [a!])).toEqual([1]);
    });
  });
}

/** Finds nothing at the looks for a living final within a transaction. */
class BlindConnection extends LossyConnection {
  protected override inside(session: SqlSession): SqlSession {
    return passing(session, (sql) => (sql.includes('dedupe_key = ?') ? [] : undefined));
  }
}

/** Fails at a statement inside a transaction. */
class BreakingConnection extends LossyConnection {
  constructor(
    inner: ConstructorParameters<typeof LossyConnection>[0],
    private readonly text: string,
  ) {
    super(inner);
  }

  protected override inside(session: SqlSession): SqlSession {
    return passing(session, (sql) => {
      if (sql.includes(this.text)) throw new Error('disk I/O error');
    });
  }
}
