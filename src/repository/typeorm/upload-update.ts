import type { Dialect, GivenColumn } from './dialect.js';
import type { RowChange, SqlValue } from './sql-connection.js';

/** Values of a statement by their names; in its text `state` is `given_state`. */
export type Given = Readonly<Record<string, SqlValue>>;

export interface UploadUpdate {
  readonly id: string;
  readonly endpoint: string;
  /** The SET list. */
  readonly set: string;
  /** What must hold of the row, besides its id. */
  readonly where: string;
  readonly given: Given;
}

const NUMBERS: ReadonlySet<string> = new Set([
  'upload_offset',
  'upload_length',
  'epoch',
  'expires_in',
  'at_hand',
]);

/** One conditional UPDATE of one row. */
export function uploadUpdate(dialect: Dialect, { set, where, given, ...whose }: UploadUpdate): RowChange {
  const values: Given = { ...whose, ...given };
  return {
    id: whose.id,
    kind: `UPDATE SET ${set} WHERE ${where}`,
    sql: (rows) =>
      dialect.joinedUpdate({
        table: 'tus_upload',
        source: dialect.givenRows(Object.keys(values).map(columnOf), rows),
        alias: 'given',
        set,
        on: 'id = given_id',
        where: `endpoint = given_endpoint AND ${where}`,
      }),
    parameters: Object.values(values),
  };
}

function columnOf(name: string): GivenColumn {
  return { name: `given_${name}`, type: NUMBERS.has(name) ? 'bigint' : 'varchar' };
}
