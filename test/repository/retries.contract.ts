import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { CountedDelivery, OpenDelivery } from '../../src/repository/retry-repository.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmRetryRepository } from '../../src/repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { MakeDatabase, TestDatabase } from './fixtures.js';
import { age, completeSingle, found, FRESH_TIME } from './fixtures.js';

const KNOWN = ['Videos', 'Images'];

export function retryContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let repository: TypeOrmUploadRepository;
  let retries: TypeOrmRetryRepository;

  beforeEach(async () => {
    database = await make();
    repository = new TypeOrmUploadRepository(database.connection, 'files');
    retries = new TypeOrmRetryRepository(database.connection, 'files');
  });
  afterEach(() => database.close());

  const keys = (deliveries: readonly CountedDelivery[]) =>
    deliveries.map(({ uploadId, provider, attempts }) => [uploadId, provider, attempts]);
  const claimed = async (limit = 10, providers = KNOWN) => keys(await retries.claim(providers, limit));

  /** An upload whose providers have failed, or are being called. */
  async function opened(open: Record<string, number | null | 'runs'>): Promise<string> {
    const uploadId = await completeSingle(repository);
    const deliveries = Object.entries(open).map(([provider, delay]): OpenDelivery => {
      const key = { uploadId, provider };
      return delay === 'runs' ? key : { ...key, failure: { error: `Error: ${provider}`, delay } };
    });
    expect(await retries.open(uploadId, deliveries)).toBe(true);
    return uploadId;
  }

  it('the first failure clears the marker, and leaves a row for each provider that has not returned', async () => {
    const id = await opened({ Videos: 0, Images: 'runs' });
    expect(await found(repository, id)).toMatchObject({ state: 'complete', delivery: null });
    expect(await claimed()).toEqual([[id, 'Videos', 1]]);
    await lapsed(id);
    expect((await claimed()).toSorted()).toEqual([
      [id, 'Images', 0],
      [id, 'Videos', 1],
    ]);
  });

  it('of two failures of one event at once, one leaves its rows; a delivered one leaves none', async () => {
    const id = await completeSingle(repository);
    const opens = ['Videos', 'Images'].map((provider) => retries.open(id, [{ uploadId: id, provider }]));
    expect((await Promise.all(opens)).toSorted()).toEqual([false, true]);
    await lapsed(id);
    expect(await claimed()).toHaveLength(1);
    const done = await completeSingle(repository);
    await new TypeOrmDeliveryRepository(database.connection, 'files').delivered([done]);
    expect(await retries.open(done, [{ uploadId: done, provider: 'Videos' }])).toBe(false);
    expect(await claimed()).toEqual([]);
  });

  it('is claimed with its upload, when it is due, by one caller, of the providers that are asked for', async () => {
    const id = await opened({ Videos: 0, Images: 60_000, Others: 0 });
    expect(await retries.claim(['Videos', 'Images'], 10)).toEqual([
      { uploadId: id, provider: 'Videos', attempts: 1, upload: await found(repository, id) },
    ]);
    expect(await claimed()).toEqual([]);
    expect(await claimed(10, ['Others'])).toEqual([[id, 'Others', 1]]);
  });

  it('of many that claim at once, each gets deliveries of its own', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await opened({ Videos: 0 }));
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimed(4)));
    const all = [...claims.flat(), ...(await claimed(20))].map(([id]) => id);
    expect(all).toHaveLength(20);
    expect(new Set(all)).toEqual(new Set(ids));
  });

  it('a claim that is being worked on is extended, unless its call has failed meanwhile', async () => {
    const uploadId = await opened({ Videos: 0 });
    const claim = { uploadId, provider: 'Videos', attempts: 1 };
    await lapsed(uploadId);
    await retries.renew([claim]);
    expect(await claimed()).toEqual([]);
    await retries.failed(claim, { error: 'again', delay: -1 });
    await retries.renew([claim]);
    await retries.renew([]);
    expect(await claimed()).toEqual([[uploadId, 'Videos', 2]]);
  });

  it('a provider that returned is not called again; the others are', async () => {
    const uploadId = await opened({ Videos: 0, Images: 0 });
    await retries.delivered({ uploadId, provider: 'Videos' });
    expect(await claimed()).toEqual([[uploadId, 'Images', 1]]);
  });

  it('a failure is counted once, however many have seen it', async () => {
    const uploadId = await opened({ Videos: 0 });
    const claim = { uploadId, provider: 'Videos', attempts: 1 };
    for (const error of ['one', 'two']) await retries.failed(claim, { error, delay: null });
    expect(await retries.givenUp({ limit: 10, known: KNOWN })).toMatchObject([
      { ...claim, attempts: 2, error: 'one' },
    ]);
  });

  it('what is given up is listed with its upload and error, page by page, and claimed by nobody', async () => {
    const ids = [await opened({ Videos: null, Images: null }), await opened({ Videos: null, Images: 0 })];
    const expected = ids
      .toSorted()
      .flatMap((id) => (id === ids[0] ? ['Images', 'Videos'] : ['Videos']).map((provider) => [id, provider]));
    const first = await retries.givenUp({ limit: 2, known: KNOWN });
    const second = await retries.givenUp({ limit: 2, known: KNOWN, after: first[1]! });
    expect([...first, ...second].map(({ uploadId, provider }) => [uploadId, provider])).toEqual(expected);
    expect(first[0]).toEqual({
      uploadId: expected[0]![0],
      provider: expected[0]![1],
      attempts: 1,
      error: `Error: ${expected[0]![1]}`,
      since: FRESH_TIME,
      orphaned: false,
      upload: await found(repository, expected[0]![0]!),
    });
    expect(await claimed()).toEqual([[ids[1], 'Images', 1]]);
  });

  it('is repeated from the first attempt on, for one provider or all, once', async () => {
    const id = await opened({ Videos: null, Images: null, Others: 60_000 });
    expect(await retries.repeat(id, 'Nobody')).toBe(0);
    expect(await retries.repeat(id, 'Videos')).toBe(1);
    expect(await claimed()).toEqual([[id, 'Videos', 0]]);
    expect(await retries.repeat(id)).toBe(1);
    expect(await retries.repeat(id)).toBe(0);
    expect(await claimed(10, ['Images', 'Others'])).toEqual([[id, 'Images', 0]]);
  });

  it('what is due of an unknown provider for a minute is orphaned, and listed with those that were given up', async () => {
    const id = await opened({ Videos: 0, Renamed: 0, Removed: 'runs', Fresh: null, Images: null });
    const names = async (known: readonly string[]) =>
      (await retries.givenUp({ limit: 10, known })).map(({ provider, orphaned }) => [provider, orphaned]);
    const givenUp = [
      ['Fresh', false],
      ['Images', false],
    ];
    expect(await names([])).toEqual(givenUp);
    expect(await retries.orphans([])).toEqual([]);
    // Repeated for a provider that nobody has, it is out of sight only for as long as somebody else may take it.
    expect(await retries.repeat(id, 'Fresh')).toBe(1);
    expect(await names(KNOWN)).toEqual([['Images', false]]);
    await database.connection.change(
      `UPDATE tus_delivery SET due_at = due_at - 10000 WHERE provider = 'Fresh'`,
    );
    expect(await names(KNOWN)).toEqual([
      ['Fresh', true],
      ['Images', false],
    ]);
    await database.connection.change('UPDATE tus_delivery SET due_at = due_at - 70000');
    expect(await names(KNOWN)).toEqual([
      ['Fresh', true],
      ['Images', false],
      ['Removed', true],
      ['Renamed', true],
    ]);
    expect(await names([...KNOWN, 'Renamed', 'Fresh', 'Removed'])).toEqual([['Images', false]]);
    expect(await retries.orphans(KNOWN)).toEqual(['Fresh', 'Removed', 'Renamed']);
    const [, , removed] = await retries.givenUp({ limit: 10, known: KNOWN });
    expect(removed).toMatchObject({ attempts: 0, error: null });
    expect(Math.abs(removed!.since - Date.now())).toBeLessThan(600_000);
  });

  it('what is listed is dismissed, of one provider or all; what somebody may be at work on is not', async () => {
    const id = await opened({ Videos: 0, Images: null, Renamed: 0, Removed: null, Later: 60_000 });
    await database.connection.change(
      'UPDATE tus_delivery SET due_at = due_at - 70000 WHERE due_at IS NOT NULL',
    );
    await database.connection.change(
      `UPDATE tus_delivery SET due_at = due_at + 130000 WHERE provider = 'Later'`,
    );
    const dismiss = (provider?: string) => retries.dismiss({ uploadId: id, provider }, KNOWN);
    expect(await dismiss('Videos')).toBe(0);
    expect(await dismiss('Nobody')).toBe(0);
    expect(await dismiss('Images')).toBe(1);
    expect((await Promise.all([dismiss(), dismiss()])).toSorted()).toEqual([0, 2]);
    expect(await retries.givenUp({ limit: 10, known: KNOWN })).toEqual([]);
    expect(await claimed()).toEqual([[id, 'Videos', 1]]);
    await database.connection.change(`UPDATE tus_delivery SET due_at = 0 WHERE provider = 'Later'`);
    expect(await claimed(10, ['Later'])).toEqual([[id, 'Later', 1]]);
    // A claim holds it for whoever has it.
    expect(await dismiss()).toBe(0);
  });

  it('a dismissed delivery keeps the tombstone of its upload no longer', async () => {
    const uploadId = await opened({ Videos: null });
    await repository.terminate(uploadId, undefined);
    await repository.bury(uploadId);
    await age(database.connection, uploadId, { column: 'updated_at', by: 1 });
    expect(await repository.forgetTombstones(0)).toBe(0);
    expect(await retries.dismiss({ uploadId, provider: 'Videos' }, KNOWN)).toBe(1);
    expect(await repository.forgetTombstones(0)).toBe(1);
  });

  it('deliveries of another registration are left alone', async () => {
    const uploadId = await opened({ Videos: 0, Images: null });
    const others = new TypeOrmRetryRepository(database.connection, 'images');
    const claim = { uploadId, provider: 'Videos', attempts: 1 };
    expect(await others.claim(['Videos'], 10)).toEqual([]);
    expect(await others.givenUp({ limit: 10, known: [] })).toEqual([]);
    expect(await others.repeat(uploadId)).toBe(0);
    expect(await others.dismiss({ uploadId, provider: undefined }, [])).toBe(0);
    expect(await others.orphans([])).toEqual([]);
    await others.renew([claim]);
    await others.failed(claim, { error: 'no', delay: null });
    await others.delivered(claim);
    expect(await claimed()).toEqual([[uploadId, 'Videos', 1]]);
  });

  it('keeps the tombstone of an upload until its providers have returned, also of those that were given up', async () => {
    const uploadId = await opened({ Videos: 60_000, Images: null });
    await repository.terminate(uploadId, undefined);
    await repository.bury(uploadId);
    await age(database.connection, uploadId, { column: 'updated_at', by: 1 });
    expect(await repository.forgetTombstones(0)).toBe(0);
    await retries.delivered({ uploadId, provider: 'Videos' });
    expect(await repository.forgetTombstones(0)).toBe(0);
    expect(await retries.givenUp({ limit: 1, known: KNOWN })).toMatchObject([
      { upload: { id: uploadId, state: 'gone' } },
    ]);
    await retries.delivered({ uploadId, provider: 'Images' });
    expect(await repository.forgetTombstones(0)).toBe(1);
  });

  /** Lets the claims of an upload run out, as five seconds would. */
  async function lapsed(id: string): Promise<void> {
    const statement = 'UPDATE tus_delivery SET due_at = due_at - 60000 WHERE upload_id = ?';
    await database.connection.change(statement, [id]);
  }
}
