import type { UploadRecord } from '../upload-record.js';
import type { RowChange, SqlSession } from './sql-connection.js';
import { type SelectedUpload, toRecord, toRecords, uploadColumns } from './upload-row.js';

/** Rows as a statement has left them. */
export type ChangedRows = ReadonlyMap<string, UploadRecord>;

/** Makes changes of one kind, of different rows, by one statement that can return them. */
export async function changeRows(session: SqlSession, changes: readonly RowChange[]): Promise<ChangedRows> {
  const [first] = changes;
  if (!first) return new Map();
  const { sql, parameters } = first.statement(changes.map(({ values }) => values));
  const returning = `${sql} RETURNING ${uploadColumns(session.dialect)}`;
  const rows = await session.query<SelectedUpload>(returning, parameters);
  return toRecords(rows);
}

/**
 * Makes one change. Resolves with the row as this statement left it; undefined if it changed none. Where a statement
 * cannot return its rows, the session must be a transaction.
 */
export async function changeRow(session: SqlSession, change: RowChange): Promise<UploadRecord | undefined> {
  if (session.dialect.returning) return (await changeRows(session, [change])).get(change.id);
  // The transaction holds the row that was changed, so nobody else can have changed it when it is read.
  const { sql, parameters } = change.statement([change.values]);
  return (await session.change(sql, parameters)) > 0 ? readUpload(session, change.id) : undefined;
}

async function readUpload(session: SqlSession, id: string): Promise<UploadRecord | undefined> {
  const sql = `SELECT ${uploadColumns(session.dialect)} FROM tus_upload WHERE id = ?`;
  const [row] = await session.query<SelectedUpload>(sql, [id]);
  return row && toRecord(row);
}
