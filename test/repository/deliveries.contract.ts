import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { MakeDatabase, TestDatabase } from './fixtures.js';
import { HOLDER, age, completeSingle, found, newUpload } from './fixtures.js';

export function deliveryContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let repository: TypeOrmUploadRepository;
  let deliveries: TypeOrmDeliveryRepository;

  beforeEach(async () => {
    database = await make();
    repository = new TypeOrmUploadRepository(database.connection, 'files');
    deliveries = new TypeOrmDeliveryRepository(database.connection, 'files');
  });
  afterEach(() => database.close());

  const claimed = async (limit = 10) => (await deliveries.claim(limit)).map(({ id }) => id);
  const claimRanOut = (id: string, by = 5_001) =>
    age(database.connection, id, { column: 'delivery_until', by });

  it('an event is claimed by the statement that completes the upload', async () => {
    const id = await completeSingle(repository);
    expect(await claimed()).toEqual([]);
    await claimRanOut(id, 60_000);
    expect(await deliveries.claim(10)).toEqual([await found(repository, id)]);
    expect(await claimed()).toEqual([]);
  });

  it('those that are due longest are claimed first, no more than asked for', async () => {
    const ids = [
      await completeSingle(repository),
      await completeSingle(repository),
      await completeSingle(repository),
    ];
    await claimRanOut(ids[0]!, 6_000);
    await claimRanOut(ids[1]!, 8_000);
    await claimRanOut(ids[2]!, 7_000);
    expect((await claimed(2)).sort()).toEqual([ids[1]!, ids[2]!].sort());
    expect(await claimed()).toEqual([ids[0]]);
  });

  it('of many that claim at once, each gets events of its own', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => completeSingle(repository)));
    for (const id of ids) await claimRanOut(id);
    const claims = await Promise.all(Array.from({ length: 10 }, () => claimed(5)));
    const all = claims.flat();
    expect(all).toHaveLength(30);
    expect(new Set(all)).toEqual(new Set(ids));
  });

  it('what nobody has claimed for a minute is orphaned, and can be dismissed', async () => {
    const [fresh, old] = [await completeSingle(repository), await completeSingle(repository)];
    await claimRanOut(fresh, 10_000);
    await claimRanOut(old, 70_000);
    expect(await deliveries.orphans(10)).toEqual([old]);
    const others = new TypeOrmDeliveryRepository(database.connection, 'images');
    expect([await others.orphans(10), await others.dismiss(old)]).toEqual([[], 0]);
    expect(await deliveries.dismiss(fresh)).toBe(0);
    expect(await deliveries.dismiss(old)).toBe(1);
    expect(await deliveries.dismiss(old)).toBe(0);
    expect(await claimed()).toEqual([fresh]);
    expect(await found(repository, old)).toMatchObject({ state: 'complete', delivery: null });
  });

  it('a claim that is being worked on is extended', async () => {
    const id = await completeSingle(repository);
    await claimRanOut(id, 60_000);
    await deliveries.renew([id]);
    await deliveries.renew([]);
    expect(await claimed()).toEqual([]);
  });

  it('a delivered event is over, and nothing brings it back', async () => {
    const id = await completeSingle(repository);
    await deliveries.delivered([id]);
    await deliveries.renew([id]);
    expect(await claimed()).toEqual([]);
    expect(await found(repository, id)).toMatchObject({ delivery: null, state: 'complete' });
  });

  it('an event that is left to another process can be claimed at once', async () => {
    const { id, epoch } = await repository.insert(newUpload(), HOLDER);
    const change = { state: 'complete', offset: 100, completed: true, delivery: 'pending' } as const;
    await repository.write(id, epoch, { ...change, unclaimed: true }, true);
    expect(await claimed()).toEqual([id]);
    expect(await claimed()).toEqual([]);
  });

  it('many events are over by one call', async () => {
    const ids = [await completeSingle(repository), await completeSingle(repository)];
    const other = await completeSingle(repository);
    await deliveries.delivered(ids);
    await deliveries.delivered([]);
    for (const id of [...ids, other]) await claimRanOut(id);
    expect(await claimed()).toEqual([other]);
  });

  it('events of another registration are left alone', async () => {
    const id = await completeSingle(repository);
    await claimRanOut(id);
    const others = new TypeOrmDeliveryRepository(database.connection, 'images');
    expect(await others.claim(10)).toEqual([]);
    await others.delivered([id]);
    expect(await claimed()).toEqual([id]);
  });
}
