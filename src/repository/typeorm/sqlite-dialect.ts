import type { Dialect } from './dialect.js';
import { onConflict, steppedValues } from './sql-lists.js';
import { errorField } from './error-field.js';

/** SQLite 3.38 and later. Its transactions have the whole database to themselves, so rows need no locks. */
export const sqliteDialect: Dialect = {
  family: 'sqlite',
  now: `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)`,
  returning: true,
  packs: true,
  lock: '',
  lockFree: '',

  /** One parameter and one text, however many rows: the driver keeps the statement prepared. */
  givenRows(columns, rows) {
    const named = columns.map(({ name }, index) => `value ->> ${index} AS ${name}`).join(', ');
    return { sql: `SELECT ${named} FROM json_each(?)`, parameters: [JSON.stringify(rows)] };
  },

  joinedUpdate: ({ table, source, alias, set, on, where }) =>
    `WITH ${alias} AS (${source}) UPDATE ${table} SET ${set} FROM ${alias} WHERE ${on} AND ${where}`,

  different: steppedValues,
  replacing: onConflict,

  isUniqueViolation: (error) => error instanceof Error && error.message.includes('UNIQUE constraint failed'),

  isTransient: (error) => String(errorField(error, 'code')).startsWith('SQLITE_BUSY'),
};

/** True if the disk of the database has no room for what the statement writes. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && /SQLITE_FULL|database or disk is full/.test(error.message);
}

/** True if the statement alone was refused, by a constraint; a transaction around it goes on. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && error.message.includes('constraint failed');
}

/** True if there was nothing to commit or to roll back. */
export function isWithoutTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no transaction is active');
}
