import { errorField } from './error-field.js';
import type { ServerDialect } from './server-dialect.js';
import { placeholders } from './sql-lists.js';

const DUPLICATE_ENTRY = 1062;
/** Row changed since it was read, lock wait timeout, deadlock. */
const TRANSIENT: readonly unknown[] = [1020, 1205, 1213];

/** MySQL 8.0 and MariaDB 10.6, and later. */
export const mysqlDialect: ServerDialect = {
  family: 'mysql',
  // Not by way of local time, which has one hour twice in autumn.
  now: `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000)`,
  returning: false,
  packs: false,
  lock: 'FOR UPDATE',
  lockFree: 'FOR UPDATE SKIP LOCKED',
  begin: ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION'],
  beginAlone: ['START TRANSACTION'],

  givenRows(columns, rows) {
    const first = `SELECT ${columns.map(({ name }) => `? AS ${name}`).join(', ')}`;
    const others = Array<string>(rows.length - 1).fill(`SELECT ${placeholders(columns.length)}`);
    return { sql: [first, ...others].join(' UNION ALL '), parameters: rows.flat() };
  },

  joinedUpdate: ({ table, source, alias, set, on, where }) =>
    `UPDATE ${table} JOIN (${source}) AS ${alias} ON ${on} SET ${set} WHERE ${where}`,

  // Both skip along the index by themselves, and limit recursion.
  different: (table, column) => `SELECT DISTINCT ${column} AS value FROM ${table} WHERE ${column} > ?`,

  // MariaDB knows no other name of the new row.
  replacing: (_key, columns) =>
    `ON DUPLICATE KEY UPDATE ${columns.map((name) => `${name} = VALUES(${name})`).join(', ')}`,

  isUniqueViolation: (error) => errorField(error, 'errno') === DUPLICATE_ENTRY,

  isTransient: (error) => TRANSIENT.includes(errorField(error, 'errno')),

  dress: (sql) => sql,
};
