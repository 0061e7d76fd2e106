import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { MakeDatabase, TestDatabase } from './fixtures.js';
import { HOLDER, age, completePartial, found, mergedFinal, newUpload, plannedFinal } from './fixtures.js';

const DAY = 24 * 60 * 60 * 1000;

export function maintenanceContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    database = await make();
    repository = new TypeOrmUploadRepository(database.connection, 'files');
  });
  afterEach(() => database.close());

  const aged = (id: string, by: number) => age(database.connection, id, { column: 'updated_at', by });

  async function tombstone(id: string, by = 2 * DAY): Promise<void> {
    await repository.insert(newUpload({ id, state: 'failed' }));
    await repository.terminate(id, undefined);
    await repository.bury(id);
    await aged(id, by);
  }

  it('abandoned uploads are those that nobody holds, oldest first', async () => {
    await repository.insert(newUpload({ id: 'held', state: 'finishing' }), HOLDER);
    await repository.insert(newUpload({ id: 'ran-out', state: 'finishing' }), HOLDER);
    await age(database.connection, 'ran-out', { column: 'lease_expires_at', by: 5_001 });
    await repository.insert(newUpload({ id: 'left', state: 'terminating' }));
    await repository.insert(newUpload({ id: 'resting', state: 'open' }));
    await aged('left', 1_000);
    const ids = async (...args: Parameters<typeof repository.abandoned>) =>
      (await repository.abandoned(...args)).map(({ id }) => id);
    expect(await ids(['finishing', 'terminating'], 10)).toEqual(['left', 'ran-out']);
    expect(await ids(['finishing', 'terminating'], 1)).toEqual(['left']);
    expect(await ids(['finishing'], 10)).toEqual(['ran-out']);
    expect(await ids(['open', 'terminating'], 10)).toEqual(['left', 'resting']);
  });

  it('what is postponed comes after the others, unless somebody holds it or it is not finishing', async () => {
    for (const id of ['first', 'second', 'third']) {
      await repository.insert(newUpload({ id, state: 'finishing' }));
      await aged(id, id === 'first' ? 3_000 : 2_000);
    }
    await repository.insert(newUpload({ id: 'held', state: 'finishing' }), HOLDER);
    await repository.insert(newUpload({ id: 'ending', state: 'terminating' }));
    for (const id of ['held', 'ending']) await aged(id, 4_000);
    await repository.postpone(['first', 'held', 'ending', 'unknown']);
    await repository.postpone([]);
    await age(database.connection, 'held', { column: 'lease_expires_at', by: 5_001 });
    const listed = await repository.abandoned(['finishing', 'terminating'], 10);
    expect(
      listed
        .map(({ id }) => id)
        .slice(0, 2)
        .sort(),
    ).toEqual(['ending', 'held']);
    expect(listed.map(({ id }) => id).slice(2)).toEqual(['second', 'third', 'first']);
  });

  it('released partials are named once: until their bytes are freed', async () => {
    const partials = [await completePartial(repository), await completePartial(repository)];
    const final = await mergedFinal(repository, partials);
    expect((await repository.releasing(10)).map(({ id }) => id).sort()).toEqual([...partials].sort());
    expect(await repository.releasing(1)).toHaveLength(1);
    await repository.released(partials);
    await repository.released([final.id]);
    expect(await repository.releasing(10)).toEqual([]);
    expect(await found(repository, partials[0]!)).toMatchObject({ state: 'complete', content: 'released' });
    expect(await found(repository, final.id)).toMatchObject({ content: 'stored' });
  });

  it('working bytes are needed by what is unfinished, and by partials that have their own', async () => {
    const needed = ['open', 'finishing', 'planning', 'pending', 'merging', 'failed', 'terminating'] as const;
    for (const state of needed) await repository.insert(newUpload({ id: state, state }));
    for (const state of ['complete', 'gone'] as const)
      await repository.insert(newUpload({ id: state, state }));
    const stored = await completePartial(repository);
    const released = await completePartial(repository);
    await mergedFinal(repository, [released]);
    await repository.released([released]);
    const ids = [...needed, 'complete', 'gone', stored, released, 'unknown'];
    expect(await repository.withWorkingBytes(ids)).toEqual(new Set([...needed, stored]));
    expect(await repository.withWorkingBytes([])).toEqual(new Set());
  });

  it('a registration that shares the storage has its working bytes kept', async () => {
    const other = new TypeOrmUploadRepository(database.connection, 'images');
    const { id } = await other.insert(newUpload());
    expect(await repository.withWorkingBytes([id])).toEqual(new Set([id]));
  });

  it('tombstones are forgotten after their time (EXP-06)', async () => {
    await tombstone('old');
    await tombstone('young', DAY - 60_000);
    await repository.insert(newUpload({ id: 'alive', state: 'complete' }));
    await aged('alive', 2 * DAY);
    expect(await repository.forgetTombstones(DAY)).toBe(1);
    expect((await repository.list({ limit: 10 })).map(({ id }) => id)).toEqual(['alive', 'young']);
  });

  it('any number of tombstones is forgotten at once', async () => {
    const ids = Array.from({ length: 1_100 }, (_, n) => `gone-${n}`);
    await Promise.all(ids.map((id) => repository.insert(newUpload({ id, state: 'gone' }))));
    expect(await repository.forgetTombstones(0)).toBe(1_100);
    expect(await repository.list({ limit: 10 })).toEqual([]);
  });

  it('a tombstone whose bytes are still to be freed is remembered', async () => {
    const partial = await completePartial(repository);
    const final = await mergedFinal(repository, [partial]);
    await repository.terminate(final.id, undefined);
    await repository.bury(final.id);
    for (const id of [partial, final.id]) await aged(id, 2 * DAY);
    expect(await repository.forgetTombstones(DAY)).toBe(1);
    expect((await repository.releasing(10)).map(({ id }) => id)).toEqual([partial]);
    await repository.released([partial]);
    expect(await repository.forgetTombstones(DAY)).toBe(1);
    expect(await repository.find(partial)).toBeUndefined();
  });

  it('a forgotten partial does not move the ranges of those after it (CON-27)', async () => {
    const first = await completePartial(repository, 10);
    const second = await completePartial(repository, 20);
    const consumer = await mergedFinal(repository, [first, second]);
    await repository.terminate(first, undefined);
    await repository.bury(first);
    await aged(first, 2 * DAY);
    expect(await repository.forgetTombstones(DAY)).toBe(1);
    const final = await plannedFinal(repository, [second]);
    const [entry] = await repository.partialsOf(final.id);
    expect(entry?.consumer).toMatchObject({ final: { id: consumer.id }, start: 10 });
  });
}
