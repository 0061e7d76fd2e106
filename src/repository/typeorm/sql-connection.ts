import type { UploadRecord } from '../upload-record.js';
import type { Dialect } from './dialect.js';

export type SqlValue = string | number | null;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Runs statements with `?` for each parameter: each by itself, or all in one transaction. */
export interface SqlSession {
  readonly dialect: Dialect;
  /** Resolves with the rows that the statement selects or returns. */
  query<Row>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /** Resolves with how many rows an INSERT, UPDATE or DELETE without RETURNING has changed. */
  change(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
}

/** An INSERT or UPDATE of one row of `tus_upload`. */
export interface RowChange {
  readonly id: string;
  /** One statement can make changes of different rows that have the same kind. */
  readonly kind: string;
  readonly values: readonly SqlValue[];
  /** The statement for such changes by their values, without RETURNING. */
  readonly statement: (rows: readonly (readonly SqlValue[])[]) => Statement;
}

/**
 * A database as the statements of this room see it. A lone statement commits by itself. Where the disk is full they
 * throw a `StorageFullError`.
 */
export interface SqlConnection extends SqlSession {
  /**
   * Makes a lone change. Resolves with the row as the change left it; undefined if it changed none. Changes that come
   * at the same time may share a statement.
   */
  changeRow(change: RowChange): Promise<UploadRecord | undefined>;
  /**
   * Commits what the work did, or nothing of it if the work throws. Each statement sees what others have committed
   * before it. The work may run again after a deadlock. Inside, only the session that is handed over may be used: a
   * lone statement would wait for the end of the transaction that waits for it.
   */
  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result>;
}

/** A connection with its beginning and end. */
export interface DatabaseConnection extends SqlConnection {
  /** Connects if need be and brings the tables up to date. A second call changes nothing. */
  open(): Promise<void>;
  /** Waits for running statements, then lets go. A second call changes nothing. */
  close(): Promise<void>;
}

/** What the statements of one registration need. */
export interface StatementDeps {
  readonly connection: SqlConnection;
  /** The registration whose rows are seen. */
  readonly endpoint: string;
}
