/** What differs between databases in the statements of this room. */
export interface Dialect {
  /** An expression: milliseconds since 1970 by the clock of the database. */
  readonly now: string;
  /** Dresses an INSERT, UPDATE or DELETE with RETURNING so that the driver hands over the rows. */
  changing(statement: string): string;
  /** True if a unique index refused the statement. */
  isUniqueViolation(error: unknown): boolean;
  /** True if the disk of the database has no room for what the statement writes. */
  isFull(error: unknown): boolean;
}
