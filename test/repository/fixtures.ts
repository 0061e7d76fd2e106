import { randomUUID } from 'node:crypto';
import type { NewUpload, UploadRecord } from '../../src/repository/upload-record.js';
import type { FinalPlan, UploadRepository } from '../../src/repository/upload-repository.js';
import type { Query, SqlConnection, SqlValue } from '../../src/repository/typeorm/sql-connection.js';

/** A database for one test, empty but for its tables. */
export interface TestDatabase {
  readonly connection: SqlConnection;
  /** Closes it and removes what it left. */
  close(): Promise<void>;
}

export type MakeDatabase = () => Promise<TestDatabase>;

export const HOLDER = 'process-1';

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
  const { length: _length, ...upload } = newUpload({ kind: 'final', state: 'merging' });
  return {
    final: { ...upload, dedupeKey: randomUUID(), ...values },
    partialIds,
    check: (partials) => partialIds.reduce((sum, id) => sum + (partials.get(id)?.offset ?? 0), 0),
    holder: HOLDER,
  };
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
  await connection.query(connection.dialect.changing(sql), [stamp.by, id]);
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

  async transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    const result = await this.inner.transaction(work);
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

  private lose(sql: string): void {
    if (this.losing(sql)) throw new Error('the answer of the database was lost');
  }
}
