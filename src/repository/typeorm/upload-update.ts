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
  'pins',
  'released_epoch',
]);

/** One conditional UPDATE of one row. */
export function uploadUpdate(dialect: Dialect, { set, where, given, ...whose }: UploadUpdate): RowChange {
  const values: Given = { ...whose, ...given };
  return {
    id: whose.id,
    kind: `UPDATE SET ${set} WHERE ${where}`,
    values: Object.values(values),
    statement: (rows) => {
      const { sql: source, parameters } = dialect.givenRows(Object.keys(values).map(givenColumn), rows);
      const sql = dialect.joinedUpdate({
        table: 'tus_upload',
        source,
        alias: 'given',
        set,
        on: 'id = given_id',
        where: `endpoint = given_endpoint AND ${where}`,
      });
      return { sql, parameters };
    },
  };
}

/** A value of a statement as the dialects want to know it. */
export function givenColumn(name: string): GivenColumn {
  return { name: `given_${name}`, type: NUMBERS.has(name) ? 'bigint' : 'varchar' };
}
