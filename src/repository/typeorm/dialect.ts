/** The kinds of databases that differ in their SQL. */
export type Family = 'sqlite' | 'postgres' | 'mysql';

/** A column of a list of rows that comes as parameters. */
export interface GivenColumn {
  readonly name: string;
  readonly type: 'varchar' | 'integer' | 'bigint';
}

/** Values in the order of their columns. */
export type GivenRow = readonly (string | number | null)[];

export interface GivenRows {
  readonly sql: string;
  readonly parameters: GivenRow;
}

/** Changes rows of a table by rows of another source. The parameters of the source come first. */
export interface JoinedUpdate {
  readonly table: string;
  /** A SELECT. */
  readonly source: string;
  /** The name of the source in the other parts. */
  readonly alias: string;
  readonly set: string;
  /** Which row of the source belongs to which row of the table. */
  readonly on: string;
  readonly where: string;
}

/** What differs between databases in the statements of this room. */
export interface Dialect {
  readonly family: Family;
  /** An expression: milliseconds since 1970 by the clock of the database, the same throughout one statement. */
  readonly now: string;
  /** Whether an INSERT or UPDATE can return the rows it has changed. */
  readonly returning: boolean;
  /** Whether rows come as one text each, in JSON: a driver may take long for many columns. */
  readonly packs: boolean;
  /** At the end of a SELECT: nobody else changes these rows before the end of the transaction. */
  readonly lock: string;
  /** The same, without the rows that somebody else has locked. */
  readonly lockFree: string;
  /** A SELECT of rows that come as parameters. */
  givenRows(columns: readonly GivenColumn[], rows: readonly GivenRow[]): GivenRows;
  joinedUpdate(update: JoinedUpdate): string;
  /**
   * A SELECT of the different values above a given one, as `value`, of a column that an index begins with: reads the
   * index once for each of them, not once for each row.
   */
  different(table: string, column: string): string;
  /** At the end of an INSERT: a row with the same `key` takes these columns of the new one. */
  replacing(key: readonly string[], columns: readonly string[]): string;
  /** True if a unique index refused the statement. */
  isUniqueViolation(error: unknown): boolean;
  /** True if the same work may succeed when it is done again: a deadlock, or somebody else's lock. */
  isTransient(error: unknown): boolean;
}
