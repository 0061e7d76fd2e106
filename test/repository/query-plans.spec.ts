import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadChange } from '../../src/repository/upload-record.js';
import type { Query, SqlConnection, SqlValue } from '../../src/repository/typeorm/sql-connection.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { HOLDER, completePartial, finalPlan, mergedFinal, newUpload, plannedFinal } from './fixtures.js';
import { type SqliteTestDatabase, sqliteTestDatabase } from './sqlite-database.js';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Remembers every statement that passes. */
class RecordingConnection implements SqlConnection {
  readonly statements: Statement[] = [];

  constructor(private readonly inner: SqlConnection) {}

  get dialect(): SqlConnection['dialect'] {
    return this.inner.dialect;
  }

  query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    this.statements.push({ sql, parameters });
    return this.inner.query<Row>(sql, parameters);
  }

  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    return this.inner.transaction((query) =>
      work((sql, parameters = []) => {
        this.statements.push({ sql, parameters });
        return query(sql, parameters);
      }),
    );
  }
}

describe('no statement reads all uploads', () => {
  let database: SqliteTestDatabase;
  let connection: RecordingConnection;
  let repository: TypeOrmUploadRepository;
  let deliveries: TypeOrmDeliveryRepository;

  beforeEach(async () => {
    database = await sqliteTestDatabase();
    connection = new RecordingConnection(database.connection);
    repository = new TypeOrmUploadRepository(connection, 'files');
    deliveries = new TypeOrmDeliveryRepository(connection, 'files');
  });
  afterEach(() => database.close());

  async function plans(work: () => Promise<unknown>): Promise<string[]> {
    connection.statements.length = 0;
    await work();
    const plans: string[] = [];
    for (const { sql, parameters } of connection.statements) {
      const steps = await database.connection.query<{ detail: string }>(
        `EXPLAIN QUERY PLAN ${sql}`,
        parameters,
      );
      plans.push(...steps.map(({ detail }) => detail));
    }
    return plans;
  }

  async function expectIndexed(work: () => Promise<unknown>, index: string): Promise<void> {
    const steps = await plans(work);
    expect(steps.filter((step) => /SCAN (tus_|partial|entry|consumer|final|taken)/.test(step))).toEqual([]);
    expect(steps.join('\n')).toContain(index);
  }

  const PRIMARY = 'tus_upload USING INDEX sqlite_autoindex_tus_upload_1 (id=?)';
  const change: UploadChange = { state: 'finishing', offset: 100 };

  it('find, take, write and renew go by the id', async () => {
    const { id } = await repository.insert(newUpload());
    await expectIndexed(() => repository.find(id), PRIMARY);
    await expectIndexed(() => repository.take(id, HOLDER, ['open', 'finishing']), PRIMARY);
    await expectIndexed(() => repository.renew(HOLDER, [{ id, epoch: 1, offset: 5 }]), PRIMARY);
    await expectIndexed(() => repository.write(id, 1, change, true), PRIMARY);
  });

  it('a list goes along the ids without sorting', async () => {
    const work = () => repository.list({ limit: 10, after: 'a', states: ['open'] });
    await expectIndexed(work, 'tus_upload USING INDEX sqlite_autoindex_tus_upload_1 (id>?)');
    expect((await plans(work)).join('\n')).not.toContain('TEMP B-TREE');
  });

  it('abandoned uploads and tombstones go by the state of what is unsettled', async () => {
    const index = 'tus_upload_unsettled (endpoint=? AND state=?';
    await expectIndexed(() => repository.abandoned(['finishing', 'merging', 'terminating'], 10), index);
    await expectIndexed(() => repository.abandoned(['terminating'], 10), index);
    await repository.insert(newUpload({ state: 'gone' }));
    await expectIndexed(() => repository.forgetTombstones(0), `${index} AND updated_at<?)`);
  });

  it('pending events go by the end of their claim', async () => {
    const index = 'tus_upload_delivery (endpoint=? AND delivery_until<?)';
    await expectIndexed(() => deliveries.claim(10), index);
    await expectIndexed(() => deliveries.renew(['a', 'b']), PRIMARY);
    await expectIndexed(() => deliveries.postpone('a', 1), PRIMARY);
    await expectIndexed(() => deliveries.delivered('a'), PRIMARY);
  });

  it('partials to be freed have an index of their own', async () => {
    await expectIndexed(() => repository.releasing(10), 'tus_upload_releasing (endpoint=?)');
    await expectIndexed(() => repository.released(['a', 'b']), PRIMARY);
    await expectIndexed(() => repository.withWorkingBytes(['a', 'b']), PRIMARY);
  });

  it('planning, reading, claiming and ending a final go by the ids', async () => {
    const partial = await completePartial(repository);
    await mergedFinal(repository, [partial]);
    const plan = finalPlan([partial, await completePartial(repository)]);
    await expectIndexed(() => repository.planFinal(plan), 'tus_upload_dedupe (dedupe_key=?)');
    await expectIndexed(
      () => repository.partialsOf(plan.final.id),
      'partial USING INDEX sqlite_autoindex_tus_upload_1',
    );
    await expectIndexed(() => repository.claimBytes(partial, plan.final.id), PRIMARY);
    await expectIndexed(() => repository.completeFinal(plan.final.id, 1, { offset: 20 }, true), PRIMARY);
    const failing = await plannedFinal(repository, [partial]);
    await expectIndexed(() => repository.failFinal(failing.id, 1), PRIMARY);
  });

  it('terminating finds consumed partials by their final', async () => {
    const final = await mergedFinal(repository, [await completePartial(repository)]);
    await expectIndexed(
      () => repository.terminate(final.id, undefined),
      'tus_upload_consumed (consumed_by=?)',
    );
    await expectIndexed(() => repository.erase(final.id), PRIMARY);
    await expectIndexed(() => repository.bury(final.id), PRIMARY);
  });
});
