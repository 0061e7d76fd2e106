import type {
  RowChange,
  SqlConnection,
  SqlSession,
  SqlValue,
} from '../../src/repository/typeorm/sql-connection.js';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import { passing } from './fixtures.js';

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Remembers every statement that passes. */
export class RecordingConnection implements SqlConnection {
  readonly statements: Statement[] = [];

  constructor(private readonly inner: SqlConnection) {}

  get dialect(): SqlConnection['dialect'] {
    return this.inner.dialect;
  }

  query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.recorded(this.inner).query<Row>(sql, parameters);
  }

  change(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return this.recorded(this.inner).change(sql, parameters);
  }

  changeRow(change: RowChange): Promise<UploadRecord | undefined> {
    this.statements.push(change.statement([change.values]));
    return this.inner.changeRow(change);
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.inner.transaction((session) => work(this.recorded(session)));
  }

  private recorded(session: SqlSession): SqlSession {
    return passing(session, (sql, parameters) => void this.statements.push({ sql, parameters }));
  }
}
