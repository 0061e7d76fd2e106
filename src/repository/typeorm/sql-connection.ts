import type { Dialect } from './dialect.js';

export type SqlValue = string | number | null;

/** Runs one statement, with `?` for each parameter, and resolves with the rows that it returns. */
export type Query = <Row>(sql: string, parameters?: readonly SqlValue[]) => Promise<Row[]>;

/** A database as the statements of this room see it. Where its disk is full, both throw a `StorageFullError`. */
export interface SqlConnection {
  readonly dialect: Dialect;
  /** A lone statement: it commits by itself and is never part of somebody's transaction. */
  query<Row>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * Commits what the work did, or nothing of it if the work throws. Inside, only the query that is handed over may be
   * used: a lone statement would wait for the end of the transaction that waits for it. The work may be done twice:
   * what the first time did was rolled back.
   */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
}

/** What the statements of one registration need. */
export interface StatementDeps {
  readonly connection: SqlConnection;
  /** The registration whose rows are seen. */
  readonly endpoint: string;
}
