import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadChange } from '../../src/repository/upload-record.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmPartRepository } from '../../src/repository/typeorm/typeorm-part-repository.js';
import { TypeOrmRetryRepository } from '../../src/repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import {
  HOLDER,
  completePartial,
  completeSingle,
  finalPlan,
  mergedFinal,
  newUpload,
  openPartial,
  pendingPlan,
  plannedFinal,
} from './fixtures.js';
import { RecordingConnection } from './recording-connection.js';
import { type SqliteTestDatabase, sqliteTestDatabase } from './sqlite-database.js';

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
    const details: string[] = [];
    for (const { sql, parameters } of connection.statements) {
      const steps = await database.connection.query<{ detail: string }>(
        `EXPLAIN QUERY PLAN ${sql}`,
        parameters,
      );
      details.push(...steps.map(({ detail }) => detail));
    }
    return details;
  }

  /** What is wrong with the plans: steps that read a whole table, and an index that is not used. */
  async function problems(work: () => Promise<unknown>, index: string): Promise<string[]> {
    const steps = await plans(work);
    const scans = steps.filter((step) => /SCAN (tus_|partial|entry|consumer|final|taken)/.test(step));
    const used = steps.some((step) => step.includes(index));
    return used ? scans : [...scans, `${index} is not in: ${steps.join('; ')}`];
  }

  const PRIMARY = 'tus_upload USING INDEX sqlite_autoindex_tus_upload_1 (id=?)';
  const change: UploadChange = { state: 'finishing', offset: 100 };

  it('find, take, write and renew go by the id', async () => {
    const { id } = await repository.insert(newUpload());
    expect(await problems(() => repository.find(id), PRIMARY)).toEqual([]);
    expect(await problems(() => repository.findAll([id, 'none']), PRIMARY)).toEqual([]);
    expect(
      await problems(() => repository.take(id, HOLDER, { states: ['open', 'finishing'] }), PRIMARY),
    ).toEqual([]);
    expect(await problems(() => repository.renew(HOLDER, [{ id, epoch: 1, offset: 5 }]), PRIMARY)).toEqual(
      [],
    );
    expect(await problems(() => repository.write(id, 1, change, true), PRIMARY)).toEqual([]);
  });

  it('a list goes along the ids without sorting', async () => {
    const work = () => repository.list({ limit: 10, after: 'a', states: ['open'] });
    expect(await problems(work, 'tus_upload USING INDEX sqlite_autoindex_tus_upload_1 (id>?)')).toEqual([]);
    expect((await plans(work)).join('\n')).not.toContain('TEMP B-TREE');
  });

  it('abandoned uploads and tombstones go by the state of what is unsettled', async () => {
    const index = 'tus_upload_unsettled (endpoint=? AND state=?';
    expect(
      await problems(() => repository.abandoned(['finishing', 'merging', 'terminating'], 10), index),
    ).toEqual([]);
    expect(await problems(() => repository.abandoned(['terminating'], 10), index)).toEqual([]);
    await repository.insert(newUpload({ state: 'gone' }));
    expect(await problems(() => repository.forgetTombstones(0), `${index} AND updated_at<?)`)).toEqual([]);
  });

  it('overdue uploads go by the time of those that expire, without sorting', async () => {
    const index = 'tus_upload_expiry (endpoint=? AND expires_at>? AND expires_at<?)';
    const work = () => repository.overdue(10);
    expect(await problems(work, index)).toEqual([]);
    expect((await plans(work)).join('\n')).not.toContain('TEMP B-TREE');
    const { id } = await repository.insert(newUpload({ expiresIn: -1 }));
    expect(await problems(() => repository.expire(id, () => true), PRIMARY)).toEqual([]);
    expect(
      await problems(() => repository.renew(HOLDER, [{ id, epoch: 1, offset: 5 }], { by: 9 }), PRIMARY),
    ).toEqual([]);
  });

  it('pending events go by the end of their claim', async () => {
    const index = 'tus_upload_delivery (endpoint=? AND delivery_until<?)';
    expect(await problems(() => deliveries.claim(10), index)).toEqual([]);
    expect(await problems(() => deliveries.orphans(10), index)).toEqual([]);
    expect(await problems(() => deliveries.dismiss('a'), PRIMARY)).toEqual([]);
    expect(await problems(() => deliveries.renew(['a', 'b']), PRIMARY)).toEqual([]);
    expect(await problems(() => deliveries.delivered(['a', 'b']), PRIMARY)).toEqual([]);
  });

  it('deliveries that failed go by the upload, those that are due or given up by the time', async () => {
    const uploadId = await completeSingle(repository);
    const delivery = { uploadId, provider: 'Videos', attempts: 1 };
    const retries = new TypeOrmRetryRepository(connection, 'files');
    const [time, own] = [
      'tus_delivery USING INDEX tus_delivery_due (endpoint=? AND due_at',
      'tus_delivery USING INDEX sqlite_autoindex_tus_delivery_1 (upload_id=?',
    ];
    const failure = { error: 'no', delay: 0 };
    expect(await problems(() => retries.open(uploadId, [{ ...delivery, failure }]), PRIMARY)).toEqual([]);
    expect(await problems(() => retries.claim(['Videos'], 10), time)).toEqual([]);
    expect(await problems(() => retries.givenUp({ limit: 10, known: ['Videos'] }), time)).toEqual([]);
    expect(await problems(() => retries.renew([delivery]), own)).toEqual([]);
    expect(await problems(() => retries.failed(delivery, failure), own)).toEqual([]);
    expect(await problems(() => retries.repeat(uploadId), time)).toEqual([]);
    expect(await problems(() => retries.orphans(['Videos']), time)).toEqual([]);
    const all = { uploadId, provider: undefined };
    expect(await problems(() => retries.dismiss(all, ['Videos']), own)).toEqual([]);
    expect(await problems(() => retries.delivered(delivery), own)).toEqual([]);
  });

  it('partials to be freed have an index of their own', async () => {
    expect(
      await problems(() => repository.releasing(10), 'tus_upload_releasing (endpoint=? AND id>?)'),
    ).toEqual([]);
    expect(
      await problems(() => repository.released(['a', 'b']), 'tus_upload_releasing (endpoint=? AND id=?)'),
    ).toEqual([]);
    expect(await problems(() => repository.withWorkingBytes(['a', 'b']), PRIMARY)).toEqual([]);
  });

  it('parts go by the upload, and what is left of them by the uploads that have some', async () => {
    const { id } = await repository.insert(newUpload(), HOLDER);
    const parts = new TypeOrmPartRepository(connection, 'files');
    const index = 'tus_part USING INDEX sqlite_autoindex_tus_part_1 (upload_id=?';
    const part = { number: 1, epoch: 1, start: 0, length: 5, tag: 'a', tail: false };
    expect(await problems(() => parts.record(id, 1, [part]), PRIMARY)).toEqual([]);
    expect(await problems(() => parts.list(id), index)).toEqual([]);
    expect(await problems(() => parts.list(id, 9), index)).toEqual([]);
    expect((await plans(() => parts.list(id))).join('\n')).not.toContain('TEMP B-TREE');
    expect(await problems(() => parts.forget(id, [1]), index)).toEqual([]);
    expect(await problems(() => parts.forget(id), index)).toEqual([]);
    expect(
      await problems(
        () => repository.withLeftParts(10),
        'tus_part USING COVERING INDEX sqlite_autoindex_tus_part_1 (upload_id>?)',
      ),
    ).toEqual([]);
  });

  it('planning, reading, claiming and ending a final go by the ids', async () => {
    const partial = await completePartial(repository);
    await mergedFinal(repository, [partial]);
    const plan = finalPlan([partial, await completePartial(repository)]);
    expect(await problems(() => repository.planFinal(plan), 'tus_upload_dedupe (dedupe_key=?)')).toEqual([]);
    expect(
      await problems(
        () => repository.partialsOf(plan.final.id),
        'partial USING INDEX sqlite_autoindex_tus_upload_1',
      ),
    ).toEqual([]);
    expect(await problems(() => repository.claimBytes(partial, plan.final.id), PRIMARY)).toEqual([]);
    expect(
      await problems(() => repository.completeFinal(plan.final.id, 1, { offset: 20 }, true), PRIMARY),
    ).toEqual([]);
    const failing = await plannedFinal(repository, [partial]);
    expect(await problems(() => repository.failFinal(failing.id, 1), PRIMARY)).toEqual([]);
  });

  it('finals that wait go by the state of what is unsettled, and by the partial', async () => {
    const partial = await openPartial(repository);
    await repository.planFinal(pendingPlan([partial]));
    const decided = () => repository.decidedFinals(10);
    expect(await problems(decided, 'tus_upload_unsettled (endpoint=? AND state=?)')).toEqual([]);
    expect((await plans(decided)).join('; ')).not.toContain('TEMP B-TREE');
    const waiting = () => repository.finalsWaitingFor(partial);
    expect(await problems(waiting, 'tus_final_partial_partial (partial_id=?)')).toEqual([]);
  });

  it('terminating finds consumed partials by their final', async () => {
    const final = await mergedFinal(repository, [await completePartial(repository)]);
    expect(
      await problems(() => repository.terminate(final.id, undefined), 'tus_upload_consumed (consumed_by=?)'),
    ).toEqual([]);
    expect(await problems(() => repository.erase(final.id), PRIMARY)).toEqual([]);
    expect(await problems(() => repository.bury(final.id), PRIMARY)).toEqual([]);
  });
});
