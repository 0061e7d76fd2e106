import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { NewUpload } from '../../src/repository/upload-record.js';
import type { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import { FRESH, HOLDER, age, finalPlan, found, lossyRepository, newUpload } from './fixtures.js';

const RAN_OUT = { column: 'lease_expires_at', by: 5_001 } as const;

export function leaseContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
  });
  afterEach(() => database.close());

  it('of fifty that take a lease at once, one gets it', async () => {
    const { id } = await repository.insert(newUpload());
    const takes = Array.from({ length: 50 }, (_, n) =>
      repository.take(id, `process-${n}`, { states: ['open'] }),
    );
    const taken = (await Promise.all(takes)).filter((record) => record !== undefined);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatchObject({ epoch: 1, releasedEpoch: 0, leaseRemaining: FRESH });
    expect(await found(repository, id)).toMatchObject({ leaseHolder: taken[0]?.leaseHolder, epoch: 1 });
  });

  it('taking a lease loads the row, and names the state it must be in', async () => {
    const { id } = await repository.insert(newUpload({ metadata: 'a' }));
    expect(await repository.take(id, HOLDER, { states: ['finishing', 'complete'] })).toBeUndefined();
    expect(await repository.take(id, HOLDER, { states: [] })).toBeUndefined();
    expect(await repository.take('unknown', HOLDER, { states: ['open'] })).toBeUndefined();
    expect(await repository.take(id, HOLDER, { states: ['finishing', 'open'] })).toMatchObject({
      id,
      metadata: 'a',
      epoch: 1,
    });
  });

  it('a lease with all bytes of an untouched upload at hand makes it finishing, and with any other leaves it open', async () => {
    const taken = async (values: Partial<NewUpload>, atHand: number, holder?: string) => {
      const { id } = await repository.insert(newUpload({ length: 100, ...values }), holder);
      if (holder) await repository.write(id, 1, { state: 'open' }, true);
      return repository.take(id, HOLDER, { states: ['open', 'finishing'], atHand });
    };
    expect(await taken({}, 100)).toMatchObject({
      state: 'finishing',
      epoch: 1,
      offset: 0,
      leaseHolder: HOLDER,
    });
    expect(await taken({}, 99)).toMatchObject({ state: 'open', epoch: 1 });
    expect(await taken({ length: null }, 100)).toMatchObject({ state: 'open' });
    expect(await taken({ kind: 'partial', key: null }, 100)).toMatchObject({ state: 'open' });
    // Who wrote before may have left bytes that did not verify.
    expect(await taken({}, 100, 'process-2')).toMatchObject({ state: 'open', epoch: 2 });
  });

  it('a lease that ran out by the clock of the database can be taken, and its holder writes no more', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    expect(await repository.take(id, 'process-2', { states: ['open'] })).toBeUndefined();
    await age(connection, id, RAN_OUT);
    expect((await found(repository, id)).leaseRemaining).toBeLessThan(0);
    expect(await repository.take(id, 'process-2', { states: ['open'] })).toMatchObject({
      epoch: 2,
      releasedEpoch: 0,
    });
    expect(await repository.write(id, 1, { offset: 10 }, false)).toBeUndefined();
    expect(await repository.write(id, 1, { offset: 10 }, true)).toBeUndefined();
    expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 10 }])).toEqual(new Set());
    expect(await found(repository, id)).toMatchObject({ offset: 0, leaseHolder: 'process-2' });
  });

  it('a release says that the holder has stopped, so that the next one need not fence', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    expect(await repository.write(id, 1, { offset: 10 }, true)).toMatchObject({
      offset: 10,
      leaseHolder: null,
      leaseRemaining: null,
      releasedEpoch: 1,
    });
    expect(await repository.take(id, HOLDER, { states: ['open'] })).toMatchObject({
      epoch: 2,
      releasedEpoch: 1,
    });
  });

  it('a fenced release remembers that an earlier writer never stopped, also when its answer was lost', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    await age(connection, id, RAN_OUT);
    await repository.take(id, 'process-2', { states: ['open'] });
    connection.loseNext('UPDATE');
    const released = await repository.write(id, 2, { offset: 10, fenced: true }, true);
    expect(released).toMatchObject({ offset: 10, leaseHolder: null, epoch: 2, releasedEpoch: 0 });
    expect(await repository.take(id, HOLDER, { states: ['open'] })).toMatchObject({
      epoch: 3,
      releasedEpoch: 0,
    });
  });

  it('a lease that ran out but was not taken can still be written under and renewed', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    await age(connection, id, RAN_OUT);
    expect(await repository.write(id, 1, { offset: 10 }, false)).toMatchObject({ offset: 10 });
    expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 20 }])).toEqual(new Set([id]));
    expect(await found(repository, id)).toMatchObject({ offset: 20 });
  });

  it('nobody writes after giving the lease back', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    await repository.write(id, 1, { offset: 10 }, true);
    for (const release of [true, false]) {
      expect(await repository.write(id, 1, { offset: 20 }, release)).toBeUndefined();
    }
    expect(await repository.write(id, 1, { offset: 10 }, false)).toBeUndefined();
    expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 20 }])).toEqual(new Set());
    expect(await found(repository, id)).toMatchObject({ offset: 10, leaseHolder: null });
  });

  it('a write changes what it names and nothing else', async () => {
    const { id } = await repository.insert(newUpload({ length: null }), HOLDER);
    await repository.write(id, 1, { offset: 7, reference: 'segments:2' }, false);
    const before = await found(repository, id);
    const written = await repository.write(id, 1, { length: 9, state: 'failed', ending: 'failed' }, false);
    const { updatedAt, leaseRemaining } = await found(repository, id);
    expect(written).toEqual({
      ...before,
      length: 9,
      state: 'failed',
      ending: 'failed',
      updatedAt,
      leaseRemaining: expect.any(Number),
    });
    expect(leaseRemaining).toBeLessThanOrEqual(5_000);
  });

  it('a completing write stamps the time and marks and claims the event', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    const change = { state: 'complete', offset: 100, completed: true, delivery: 'pending' } as const;
    const written = await repository.write(id, 1, change, true);
    expect(written).toMatchObject({ state: 'complete', delivery: 'pending' });
    expect(written?.completedAt).toBe(written?.updatedAt);
    const [row] = await connection.query<{ claimed: number }>(
      'SELECT delivery_until - completed_at AS claimed FROM tus_upload WHERE id = ?',
      [id],
    );
    expect(Number(row?.claimed)).toBe(5_000);
  });

  it.each([true, false])('a write whose answer was lost has succeeded (release: %s)', async (release) => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    connection.loseNext('UPDATE');
    expect(await repository.write(id, 1, { offset: 10, state: 'finishing' }, release)).toMatchObject({
      offset: 10,
    });
  });

  it('a write that was repeated after its answer was lost has succeeded', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    await repository.write(id, 1, { offset: 10 }, true);
    expect(await repository.write(id, 1, { offset: 10 }, true)).toMatchObject({
      offset: 10,
      releasedEpoch: 1,
    });
  });

  it('a fault of the database is thrown when the row does not show the change', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    connection.loseNext('UPDATE');
    await expect(repository.write(id, 7, { offset: 10 }, true)).rejects.toThrow('was lost');
    connection.losing = () => true;
    await expect(repository.write(id, 1, { offset: 10 }, true)).rejects.toThrow('was lost');
  });

  it('renewal keeps leases, raises offsets and never lowers one', async () => {
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await repository.insert(newUpload({ id }), HOLDER);
    await repository.write('b', 1, { offset: 50 }, false);
    for (const id of ids) await age(connection, id, { column: 'lease_expires_at', by: 3_000 });
    const renewed = await repository.renew(
      HOLDER,
      ids.map((id) => ({ id, epoch: 1, offset: 20 })),
    );
    expect(renewed).toEqual(new Set(ids));
    const rows = await Promise.all(ids.map((id) => found(repository, id)));
    expect(rows.map(({ offset }) => offset)).toEqual([20, 50, 20]);
    const leases = await connection.query<{ lasts: number }>(
      'SELECT lease_expires_at - updated_at AS lasts FROM tus_upload',
    );
    expect(leases.map(({ lasts }) => Number(lasts))).toEqual([5_000, 5_000, 5_000]);
  });

  it('renewal answers only for the rows that are still the holder’s', async () => {
    await repository.insert(newUpload({ id: 'ours' }), HOLDER);
    await repository.insert(newUpload({ id: 'theirs' }), 'process-2');
    await repository.insert(newUpload({ id: 'free' }));
    await repository.insert(newUpload({ id: 'later' }), HOLDER);
    const leases = ['ours', 'theirs', 'free', 'unknown'].map((id) => ({ id, epoch: 1, offset: 9 }));
    const renewed = await repository.renew(HOLDER, [...leases, { id: 'later', epoch: 2, offset: 9 }]);
    expect(renewed).toEqual(new Set(['ours']));
    for (const id of ['theirs', 'free', 'later']) expect((await found(repository, id)).offset).toBe(0);
    expect(await repository.renew(HOLDER, [])).toEqual(new Set());
  });

  it('renewal moves the offset of an open upload only', async () => {
    const { id } = await repository.insert(newUpload({ state: 'finishing' }), HOLDER);
    expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 20 }])).toEqual(new Set([id]));
    expect(await found(repository, id)).toMatchObject({ offset: 0 });
  });

  it('a thousand leases are renewed together', async () => {
    const ids = Array.from({ length: 1_001 }, (_, n) => `upload-${n}`);
    await Promise.all(ids.map((id) => repository.insert(newUpload({ id }), HOLDER)));
    const leases = ids.map((id, n) => ({ id, epoch: 1, offset: n % 100 }));
    expect(await repository.renew(HOLDER, leases)).toEqual(new Set(ids));
    expect(await found(repository, 'upload-1000')).toMatchObject({ offset: 0 });
    expect(await found(repository, 'upload-599')).toMatchObject({ offset: 99 });
  });

  it.each(['failed', 'terminating'] as const)(
    'a final that a write makes %s frees its dedupe key',
    async (state) => {
      const plan = finalPlan([]);
      const { final } = await repository.planFinal(plan);
      expect(await repository.write(final.id, 1, { state }, true)).toMatchObject({ dedupeKey: null });
      const again = finalPlan([], { dedupeKey: plan.final.dedupeKey });
      expect(await repository.planFinal(again)).toMatchObject({ created: true });
    },
  );
}
