import type { Dialect } from './dialect.js';

/** What differs between databases that are reached through a pool of connections. */
export interface ServerDialect extends Dialect {
  /** Begin a transaction in which each statement sees what is committed. */
  readonly begin: readonly string[];
  /** Begin one for a single row, where a change cannot return it. None: no transaction is needed. */
  readonly beginAlone: readonly string[];
  /** The statement in the words of the driver. */
  dress(sql: string): string;
}
