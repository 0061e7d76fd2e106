import type { Dialect } from './dialect.js';

/** SQLite 3.38 and later, through the `sqlite3` driver of TypeORM. */
export const sqliteDialect: Dialect = {
  now: `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)`,

  // TypeORM looks at the first word: INSERT, UPDATE and DELETE go to `run()`, which drops the returned rows.
  changing: (statement) => `WITH one(x) AS (SELECT 1) ${statement}`,

  isUniqueViolation: (error) => error instanceof Error && error.message.includes('UNIQUE constraint failed'),

  isFull: (error) => error instanceof Error && error.message.includes('SQLITE_FULL'),
};
