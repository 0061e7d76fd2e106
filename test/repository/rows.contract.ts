import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { OptionResultError } from '../../src/model/errors/option-result.error.js';
import { KeyConflictError } from '../../src/model/errors/key-conflict.error.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import {
  FRESH,
  HOLDER,
  completePartial,
  completeSingle,
  found,
  lossyRepository,
  newUpload,
} from './fixtures.js';

export function rowContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
  });
  afterEach(() => database.close());

  it('texts are read back as they were, whatever they are made of', async () => {
    const text = `quote ' and ", slash \\, control \u0001\t\n, line \u2028, é, 😀, {"json": [1]}, ?, $1, NULL`;
    const upload = newUpload({ owner: text, metadata: text, length: Number.MAX_SAFE_INTEGER });
    const inserted = await repository.insert(upload, HOLDER);
    const written = await repository.write(upload.id, 1, { reference: text }, true);
    for (const record of [inserted, written, await repository.find(upload.id)]) {
      expect(record).toMatchObject({ owner: text, metadata: text, length: Number.MAX_SAFE_INTEGER });
    }
    expect(written).toMatchObject({ reference: text });
  });

  it('a new upload is read back as it was inserted, with everything else at its default', async () => {
    const upload = newUpload({
      metadata: 'filename d29ybGQ=,empty',
      concat: 'partial',
      owner: 'ann',
      length: null,
    });
    const inserted = await repository.insert(upload);
    expect(await repository.find(upload.id)).toEqual(inserted);
    const { dedupeKey, expiresIn: expiresAt, ...given } = upload;
    expect(inserted).toEqual({
      ...given,
      dedupeKey,
      reference: null,
      protocol: 'tus',
      offset: 0,
      ending: null,
      content: 'stored',
      consumedBy: null,
      pins: 0,
      delivery: null,
      createdAt: expect.any(Number),
      updatedAt: inserted.createdAt,
      completedAt: null,
      expiresAt,
      expired: false,
      leaseHolder: null,
      leaseRemaining: null,
      epoch: 0,
      releasedEpoch: 0,
    });
  });

  it('times are milliseconds of the clock of the database', async () => {
    const [clock] = await connection.query<{ now: number }>(`SELECT ${connection.dialect.now} AS now`);
    const { createdAt } = await repository.insert(newUpload());
    expect(createdAt).toBeGreaterThanOrEqual(Number(clock?.now));
    expect(createdAt - Number(clock?.now)).toBeLessThan(60_000);
  });

  it('an insert with a holder has the lease at once, as epoch 1', async () => {
    const inserted = await repository.insert(newUpload(), HOLDER);
    expect(inserted).toMatchObject({
      leaseHolder: HOLDER,
      leaseRemaining: FRESH,
      epoch: 1,
      releasedEpoch: 0,
    });
  });

  it('sizes up to 2^53 - 1 come back as exact numbers', async () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const { id, epoch } = await repository.insert(newUpload({ length: largest }), HOLDER);
    await repository.renew(HOLDER, [{ id, epoch, offset: largest - 2 }]);
    expect(await repository.find(id)).toMatchObject({ length: largest, offset: largest - 2 });
    expect(await repository.write(id, epoch, { offset: largest }, true)).toMatchObject({ offset: largest });
  });

  it('ids and keys are told apart by every letter', async () => {
    for (const id of ['video', 'Video', 'VIDEO', 'vidéo']) {
      await repository.insert(newUpload({ id, key: `videos/${id}`, owner: id }));
    }
    expect(await repository.find('vIDEO')).toBeUndefined();
    for (const id of ['video', 'Video', 'vidéo']) {
      expect(await repository.find(id)).toMatchObject({ id, key: `videos/${id}`, owner: id });
    }
  });

  it('many rows are read at once, as they are found one by one, and rows of other registrations are not', async () => {
    const other = new TypeOrmUploadRepository(connection, 'videos');
    const [one, two, foreign] = [newUpload({ owner: 'ann' }), newUpload(), newUpload()];
    await repository.insert(one);
    await repository.insert(two);
    await other.insert(foreign);
    const wanted = [two.id, one.id, foreign.id, ...Array.from({ length: 1_000 }, (_, n) => `none-${n}`)];
    const rows = await repository.findAll(wanted);
    expect([...rows.keys()].toSorted()).toEqual([one.id, two.id].toSorted());
    for (const { id } of [one, two]) expect(rows.get(id)).toEqual(await repository.find(id));
    expect((await repository.findAll([])).size).toBe(0);
  });

  it('the longest key is guarded too, and long lists and names of any script come back whole', async () => {
    const key = Array.from({ length: 1_024 }, (_, n) =>
      String.fromCodePoint(0x4e00 + ((n * 7_919) % 20_000)),
    ).join('');
    const concat = `final;${'/files/0123456789abcdef '.repeat(5_000)}`;
    const upload = newUpload({ key, concat, owner: 'Ånn 😀' });
    await repository.insert(upload);
    expect(await repository.find(upload.id)).toMatchObject({ key, concat, owner: 'Ånn 😀' });
    await expect(repository.insert(newUpload({ key }))).rejects.toBeInstanceOf(KeyConflictError);
    await repository.insert(newUpload({ key: `${key.slice(0, -1)}x` }));
  });

  it('an insert whose answer was lost resolves with the row it made', async () => {
    const upload = newUpload();
    connection.loseNext('INSERT');
    expect(await repository.insert(upload, HOLDER)).toMatchObject({ id: upload.id, epoch: 1 });
  });

  it('an id that is taken is never mistaken for the row of a lost answer', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    for (const key of ['other', null, id]) {
      await expect(repository.insert(newUpload({ id, key }), HOLDER)).rejects.toBeInstanceOf(
        OptionResultError,
      );
    }
  });

  it('two living uploads of a storage cannot have one key; another storage can have it', async () => {
    await repository.insert(newUpload({ key: 'videos/1' }));
    await expect(repository.insert(newUpload({ key: 'videos/1' }))).rejects.toBeInstanceOf(KeyConflictError);
    await repository.insert(newUpload({ key: 'videos/1', storage: 'bucket' }));
  });

  it('of two inserts of one key at once, one succeeds', async () => {
    const inserts = Array.from({ length: 10 }, () => repository.insert(newUpload({ key: 'videos/1' })));
    const results = await Promise.allSettled(inserts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('any number of uploads can be without a key', async () => {
    await repository.insert(newUpload({ kind: 'partial' }));
    await repository.insert(newUpload({ kind: 'partial' }));
    expect(await repository.list({ limit: 10 })).toHaveLength(2);
  });

  it('another registration sees nothing of a row, and changes nothing', async () => {
    const other = new TypeOrmUploadRepository(connection, 'images');
    const id = await completeSingle(repository);
    const open = await repository.insert(newUpload(), HOLDER);
    expect(await other.find(id)).toBeUndefined();
    expect(await other.list({ limit: 10 })).toEqual([]);
    expect(await other.write(open.id, open.epoch, { offset: 5 }, true)).toBeUndefined();
    expect(await other.renew(HOLDER, [{ id: open.id, epoch: 1, offset: 5 }])).toEqual(new Set());
    expect(await other.terminate(id, undefined)).toBe('lost');
    expect(await found(repository, id)).toMatchObject({ state: 'complete' });
    expect(await found(repository, open.id)).toMatchObject({ offset: 0, leaseHolder: HOLDER });
  });

  it('a list comes page by page in the order of ids, filtered by kind and state', async () => {
    for (const id of ['c', 'a', 'd', 'b']) await repository.insert(newUpload({ id }));
    const partial = await completePartial(repository);
    const ids = async (filter: Parameters<typeof repository.list>[0]) =>
      (await repository.list(filter)).map(({ id }) => id);
    expect(await ids({ kind: 'single', limit: 2 })).toEqual(['a', 'b']);
    expect(await ids({ kind: 'single', after: 'b', limit: 2 })).toEqual(['c', 'd']);
    expect(await ids({ states: ['complete', 'failed'], limit: 10 })).toEqual([partial]);
    expect(await ids({ states: [], limit: 10 })).toEqual([]);
  });
}
