import type { GivenColumn } from './dialect.js';
import { errorField } from './error-field.js';
import type { ServerDialect } from './server-dialect.js';
import { onConflict, placeholderRows, steppedValues } from './sql-lists.js';

const UNIQUE_VIOLATION = '23505';
/** Serialization failure, deadlock. */
const TRANSIENT = ['40001', '40P01'];

/** PostgreSQL 9.5 and later. `schema`: where the tables are, if not on the search path. */
export function postgresDialect(schema: string | undefined): ServerDialect {
  const table = schema === undefined ? '$&' : `"${schema.replaceAll('"', '""')}".$&`;
  return {
    family: 'postgres',
    now: 'CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS bigint)',
    returning: true,
    packs: false,
    lock: 'FOR UPDATE',
    lockFree: 'FOR UPDATE SKIP LOCKED',
    begin: ['BEGIN ISOLATION LEVEL READ COMMITTED'],
    beginAlone: [],

    givenRows(columns, rows) {
      const rest = rows.length > 1 ? `, ${placeholderRows(rows.length - 1, columns.length)}` : '';
      const names = columns.map(({ name }) => name).join(', ');
      const sql = `SELECT * FROM (VALUES ${typedRow(columns)}${rest}) AS given_rows (${names})`;
      return { sql, parameters: rows.flat() };
    },

    joinedUpdate: ({ table: name, source, alias, set, on, where }) =>
      `WITH ${alias} AS (${source}) UPDATE ${name} SET ${set} FROM ${alias} WHERE ${on} AND ${where}`,

    different: steppedValues,
    replacing: onConflict,

    isUniqueViolation: (error) => errorField(error, 'code') === UNIQUE_VIOLATION,

    isTransient: (error) => TRANSIENT.includes(String(errorField(error, 'code'))),

    dress(sql) {
      let position = 0;
      return sql
        .replace(/\btus_(upload|final_partial|part|delivery|migrations)\b/g, table)
        .replace(/\?/g, () => `$${++position}`);
    },
  };
}

/** The first row says the types of all: a list of bare parameters would be one of texts. */
function typedRow(columns: readonly GivenColumn[]): string {
  return `(${columns.map(({ type }) => `CAST(? AS ${type})`).join(', ')})`;
}
