import { randomUUID } from 'node:crypto';
import type { NewUpload, UploadChange, UploadRecord } from '../../src/repository/upload-record.js';
import type { FinalPlan, UploadRepository } from '../../src/repository/upload-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type {
  RowChange,
  SqlConnection,
  SqlSession,
  SqlValue,
} from '../../src/repository/typeorm/sql-connection.js';

/** A database for one test, empty but for its tables. */
export interface TestDatabase {
  readonly connection: SqlConnection;
  /** Closes it and removes what it left. */
  close(): Promise<void>;
}

export type MakeDatabase = () => Promise<TestDatabase>;

export const HOLDER = 'process-1';

/** What is left of a lease that has just been taken, when its row has been read. */
export const FRESH = {
  asymmetricMatch: (value: unknown) => typeof value === 'number' && value > 0 && value <= 5_000,
  toString: () => 'FRESH',
};

/** A time that a database has just written down, with some room for clocks that differ. */
export const FRESH_TIME = {
  asymmetricMatch: (value: unknown) => typeof value === 'number' && Math.abs(value - Date.now()) < 600_000,
  toString: () => 'FRESH_TIME',
};

export function newUpload(values: Partial<NewUpload> = {}): NewUpload {
  const id = values.id ?? randomUUID();
  return {
    id,
    storage: 'disk',
    key: values.kind === 'partial' ? null : id,
    kind: 'single',
    length: 100,
    metadata: null,
    concat: null,
    state: 'open',
    owner: null,
    dedupeKey: null,
    expiresIn: null,
    ...values,
  };
}

export async function completePartial(repository: UploadRepository, length = 10): Promise<string> {
  const upload = newUpload({ kind: 'partial', length, concat: 'partial' });
  const { id, epoch } = await repository.insert(upload, HOLDER);
  await repository.write(id, epoch, { state: 'complete', offset: length, completed: true }, true);
  return id;
}

export async function completeSingle(repository: UploadRepository): Promise<string> {
  const { id, epoch } = await repository.insert(newUpload(), HOLDER);
  const change = { state: 'complete', offset: 100, completed: true, delivery: 'pending' } as const;
  await repository.write(id, epoch, change, true);
  return id;
}

export function finalPlan(
  partialIds: readonly string[],
  values: Partial<FinalPlan['final']> = {},
): FinalPlan {
  const { length: _length, state: _state, ...upload } = newUpload({ kind: 'final' });
  return {
    final: { ...upload, dedupeKey: randomUUID(), ...values },
    partialIds,
    check: (partials) => ({
      state: 'merging',
      length: partialIds.reduce((sum, id) => sum + (partials.get(id)?.offset ?? 0), 0),
    }),
    holder: HOLDER,
  };
}

/** A final that waits for its partials. */
export function pendingPlan(
  partialIds: readonly string[],
  values: Partial<FinalPlan['final']> = {},
): FinalPlan {
  return { ...finalPlan(partialIds, values), check: () => ({ state: 'pending', length: null }) };
}

export async function openPartial(repository: UploadRepository, length: number | null = 10): Promise<string> {
  return (await repository.insert(newUpload({ kind: 'partial', length, concat: 'partial' }))).id;
}

/** Ends a partial that nobody writes to, with its last byte or for good. */
export async function endPartial(
  repository: UploadRepository,
  id: string,
  ending?: 'failed',
): Promise<UploadRecord> {
  const taken = await repository.take(id, HOLDER, { states: ['open'] });
  const change: UploadChange = ending
    ? { state: 'terminating', ending }
    : { state: 'complete', offset: 10, length: 10, completed: true };
  const ended = taken && (await repository.write(id, taken.epoch, change, true));
  if (!ended) throw new Error(`The partial ${id} could not be ended.`);
  return ended;
}

export async function plannedFinal(
  repository: UploadRepository,
  partialIds: readonly string[],
): Promise<UploadRecord> {
  return (await repository.planFinal(finalPlan(partialIds))).final;
}

export async function mergedFinal(
  repository: UploadRepository,
  partialIds: readonly string[],
): Promise<UploadRecord> {
  const final = await plannedFinal(repository, partialIds);
  const change = { state: 'complete', offset: final.length ?? 0, completed: true } as const;
  const merged = await repository.completeFinal(final.id, final.epoch, change, true);
  if (!merged) throw new Error('The final could not be completed.');
  return merged;
}

export async function found(repository: UploadRepository, id: string): Promise<UploadRecord> {
  const record = await repository.find(id);
  if (!record) throw new Error(`There is no upload ${id}.`);
  return record;
}

export async function pinsOf(repository: UploadRepository, ids: readonly string[]): Promise<number[]> {
  return Promise.all(ids.map(async (id) => (await found(repository, id)).pins));
}

/** Makes a time stamp of a row older, as waiting would. */
export async function age(
  connection: SqlConnection,
  id: string,
  stamp: { column: 'lease_expires_at' | 'delivery_until' | 'updated_at'; by: number },
): Promise<void> {
  const sql = `UPDATE tus_upload SET ${stamp.column} = ${stamp.column} - ? WHERE id = ?`;
  await connection.change(sql, [stamp.by, id]);
}

/** A session whose statements pass `before` on their way: it may throw, or answer in the place of the database. */
export function passing(
  session: SqlSession,
  before: (sql: string, parameters: readonly SqlValue[]) => [] | void,
): SqlSession {
  return {
    dialect: session.dialect,
    query: async (sql, parameters = []) => before(sql, parameters) ?? session.query(sql, parameters),
    change: async (sql, parameters = []) =>
      before(sql, parameters)?.length ?? session.change(sql, parameters),
  };
}

/** A connection whose statements are done, but whose answers get lost while `losing` says so. */
export class LossyConnection implements SqlConnection {
  losing: (sql: string) => boolean = () => false;

  constructor(private readonly inner: SqlConnection) {}

  get dialect(): SqlConnection['dialect'] {
    return this.inner.dialect;
  }

  async query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    const rows = await this.inner.query<Row>(sql, parameters);
    this.lose(sql);
    return rows;
  }

  async change(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    const changed = await this.inner.change(sql, parameters);
    this.lose(sql);
    return changed;
  }

  async changeRow(change: RowChange): Promise<UploadRecord | undefined> {
    const record = await this.inner.changeRow(change);
    this.lose(change.statement([change.values]).sql);
    return record;
  }

  async transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    const result = await this.inner.transaction((session) => work(this.inside(session)));
    this.lose('COMMIT');
    return result;
  }

  /** Loses the next answer to a statement with this text. */
  loseNext(text: string): void {
    this.losing = (sql) => {
      if (!sql.includes(text)) return false;
      this.losing = () => false;
      return true;
    };
  }

  /** What a transaction works with. */
  protected inside(session: SqlSession): SqlSession {
    return session;
  }

  private lose(sql: string): void {
    if (this.losing(sql)) throw new Error('the answer of the database was lost');
  }
}

/** The repository of one registration, on a new database whose answers can be lost. */
export async function lossyRepository(make: MakeDatabase) {
  const database = await make();
  const connection = new LossyConnection(database.connection);
  return { database, connection, repository: new TypeOrmUploadRepository(connection, 'files') };
}
