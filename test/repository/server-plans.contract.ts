import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmRetryRepository } from '../../src/repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import {
  age,
  completePartial,
  completeSingle,
  finalPlan,
  mergedFinal,
  newUpload,
  openPartial,
  pendingPlan,
} from './fixtures.js';
import type { Statement } from './recording-connection.js';
import { RecordingConnection } from './recording-connection.js';
import type { ServerDatabase } from './server-database.js';

/** So many that reading all of them is never the cheapest way. */
const SETTLED = 2_000;
const OTHERS_LISTS = 5_000;
const PARTS = 20_000;
const FAILURES = 20_000;
const CHUNK = 500;

/** One line of EXPLAIN: a text of PostgreSQL, or a table of MySQL with the way it is read. */
type Step = { 'QUERY PLAN'?: string; table?: string | null; type?: string | null; key?: string | null };

/** On a database with many uploads at rest, no statement reads all of them. */
export function serverPlanContract(server: ServerDatabase): void {
  let connection: RecordingConnection;
  let repository: TypeOrmUploadRepository;
  let deliveries: TypeOrmDeliveryRepository;
  let retries: TypeOrmRetryRepository;
  let empty: () => Promise<void>;

  beforeAll(async () => {
    empty = (await server.make()).close;
    const { dialect } = server.connection;
    await new TypeOrmUploadRepository(server.connection, 'files').insert(newUpload({ id: 'first' }));
    for (let n = 0; n < SETTLED; n += CHUNK) await copies(n);
    for (let n = 0; n < OTHERS_LISTS; n += CHUNK) await lists(n);
    for (let n = 0; n < PARTS; n += CHUNK) await parts(n);
    for (let n = 0; n < FAILURES; n += CHUNK) await failures(n);
    await server.connection.query(
      `ANALYZE ${dialect.family === 'mysql' ? 'TABLE ' : ''}tus_upload, tus_final_partial, tus_part, tus_delivery`,
    );
  });
  afterAll(() => empty());
  beforeEach(() => {
    connection = new RecordingConnection(server.connection);
    repository = new TypeOrmUploadRepository(connection, 'files');
    deliveries = new TypeOrmDeliveryRepository(connection, 'files');
    retries = new TypeOrmRetryRepository(connection, 'files');
  });

  async function copies(from: number): Promise<void> {
    const repeated = new TypeOrmUploadRepository(server.connection, 'files');
    const state = from % (2 * CHUNK) === 0 ? 'open' : 'complete';
    const uploads = Array.from({ length: CHUNK }, (_, n) => newUpload({ id: `settled-${from + n}`, state }));
    await Promise.all(uploads.map((upload) => repeated.insert(upload)));
  }

  async function lists(from: number): Promise<void> {
    const rows = Array.from({ length: CHUNK }, (_, n) => [`final-${from + n}`, 0, `partial-${from + n}`]);
    const values = rows.map(() => '(?, ?, ?)').join(', ');
    const statement = `INSERT INTO tus_final_partial (final_id, position, partial_id) VALUES ${values}`;
    await server.connection.change(statement, rows.flat());
  }

  async function parts(from: number): Promise<void> {
    const rows = Array.from({ length: CHUNK }, (_, n) => [`settled-${from / CHUNK}`, n, 1, n, 1, 0]);
    const values = rows.map(() => '(?, ?, ?, ?, ?, ?)').join(', ');
    const statement = `INSERT INTO tus_part (upload_id, number, epoch, start_offset, length, tail) VALUES ${values}`;
    await server.connection.change(statement, rows.flat());
  }

  async function failures(from: number): Promise<void> {
    const rows = Array.from({ length: CHUNK }, (_, n) => [
      `settled-${from / CHUNK}`,
      `Hook${n}`,
      'others',
      1,
    ]);
    const values = rows.map(() => '(?, ?, ?, ?)').join(', ');
    const statement = `INSERT INTO tus_delivery (upload_id, provider, endpoint, attempts) VALUES ${values}`;
    await server.connection.change(statement, rows.flat());
  }

  async function fullReads({ sql, parameters }: Statement): Promise<string[]> {
    // Of an INSERT of values, MySQL tells the table as if it were read.
    if (sql.startsWith('INSERT')) return [];
    const steps = await server.connection.query<Step>(`EXPLAIN ${sql}`, parameters);
    return steps.flatMap((step) => {
      if (step['QUERY PLAN'] !== undefined) {
        return /Seq Scan on tus_\w+/.test(step['QUERY PLAN']) ? [`${step['QUERY PLAN']}: ${sql}`] : [];
      }
      const isTable = typeof step.table === 'string' && !step.table.startsWith('<');
      return isTable && step.type === 'ALL' ? [`${step.table}: ${sql}`] : [];
    });
  }

  /** The statements of some work that would read a whole table. */
  async function problems(work: () => Promise<unknown>): Promise<string[]> {
    connection.statements.length = 0;
    await work();
    const seen: string[] = [];
    for (const statement of [...connection.statements]) seen.push(...(await fullReads(statement)));
    expect(connection.statements).not.toEqual([]);
    return seen;
  }

  async function indexesOf(work: () => Promise<unknown>): Promise<string> {
    connection.statements.length = 0;
    await work();
    const used: string[] = [];
    for (const { sql, parameters } of [...connection.statements]) {
      const steps = await server.connection.query<Step>(`EXPLAIN ${sql}`, parameters);
      used.push(...steps.map((step) => step['QUERY PLAN'] ?? String(step.key)));
    }
    return used.join('; ');
  }

  it('the work of maintenance is found by an index of its own', async () => {
    const abandoned = () => repository.abandoned(['finishing', 'merging', 'terminating'], 10);
    expect(await indexesOf(abandoned)).toContain('tus_upload_unsettled');
    expect(await indexesOf(() => repository.decidedFinals(10))).toContain('tus_upload_unsettled');
    expect(await indexesOf(() => repository.forgetTombstones(0))).toContain('tus_upload_unsettled');
    expect(await indexesOf(() => repository.releasing(10))).toContain('tus_upload_releasing');
    expect(await indexesOf(() => repository.overdue(10))).toContain('tus_upload_expiry');
    expect(await indexesOf(() => deliveries.claim(10))).toContain('tus_upload_delivery');
  });

  it('a statement that reads all uploads would be seen', async () => {
    expect(await problems(() => connection.query('SELECT id FROM tus_upload WHERE pins = 3'))).toHaveLength(
      1,
    );
  });

  it('no statement of an upload reads all of them', async () => {
    const id = 'settled-7';
    const works = [
      () => repository.find(id),
      () => repository.list({ limit: 10, after: 'a', states: ['open'] }),
      () => repository.take(id, 'process-1', { states: ['open'] }),
      () => repository.renew('process-1', [{ id, epoch: 1, offset: 5 }], { by: 1_000 }),
      () => repository.write(id, 1, { offset: 10 }, true),
      () => repository.insert(newUpload()),
      () => repository.terminate('settled-501', undefined),
      () => repository.bury('settled-501'),
      () => repository.erase('settled-501'),
    ];
    for (const work of works) expect(await problems(work)).toEqual([]);
  });

  it('no statement of maintenance reads all uploads', async () => {
    await repository.insert(newUpload({ state: 'gone' }));
    const { id: overdue } = await repository.insert(newUpload({ expiresIn: -1 }));
    const id = await completeSingle(repository);
    await age(server.connection, id, { column: 'delivery_until', by: 5_001 });
    const works = [
      () => repository.abandoned(['finishing', 'merging', 'terminating'], 10),
      () => repository.overdue(10),
      () => repository.expire(overdue, () => true),
      () => repository.releasing(10),
      () => repository.released(['a', 'b']),
      () => repository.withWorkingBytes(['a', 'b']),
      () => repository.forgetTombstones(0),
      () => repository.withLeftParts(10),
      () => deliveries.claim(10),
      () => deliveries.orphans(10),
      () => deliveries.dismiss('a'),
      () => deliveries.renew(['a', 'b']),
      () => deliveries.delivered(['a', 'b']),
      () => retries.open(id, [{ uploadId: id, provider: 'Videos', failure: { error: 'no', delay: 0 } }]),
      () => retries.claim(['Videos'], 10),
      () => retries.renew([{ uploadId: id, provider: 'Videos', attempts: 1 }]),
      () => retries.failed({ uploadId: id, provider: 'Videos', attempts: 1 }, { error: 'no', delay: null }),
      () => retries.givenUp({ limit: 10, known: ['Videos'] }),
      () => retries.repeat(id),
      () => retries.orphans(['Videos']),
      () => retries.dismiss({ uploadId: id, provider: undefined }, ['Videos']),
      () => retries.delivered({ uploadId: id, provider: 'Videos' }),
    ];
    for (const work of works) expect(await problems(work)).toEqual([]);
  });

  it('no statement of a final reads all uploads or all lists', async () => {
    const consumed = await completePartial(repository);
    const merged = await mergedFinal(repository, [consumed]);
    const plan = finalPlan([consumed, await completePartial(repository)]);
    const waited = await openPartial(repository);
    await repository.planFinal(pendingPlan([waited]));
    const works = [
      () => repository.finalsWaitingFor(waited),
      () => repository.decidedFinals(10),
      () => repository.planFinal(plan),
      () => repository.partialsOf(plan.final.id),
      () => repository.claimBytes(plan.partialIds[1]!, plan.final.id),
      () => repository.completeFinal(plan.final.id, 1, { offset: 20 }, true),
      () => repository.terminate(merged.id, undefined),
      () => repository.bury(merged.id),
      () => repository.erase(plan.final.id),
    ];
    for (const work of works) expect(await problems(work)).toEqual([]);
  });
}
