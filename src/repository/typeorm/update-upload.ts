import type { UploadRecord } from '../upload-record.js';
import type { SqlSession, SqlValue } from './sql-connection.js';
import type { SqlPart } from './upload-change.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

export interface UploadUpdate {
  readonly id: string;
  readonly endpoint: string;
  /** The SET list. */
  readonly set: SqlPart;
  /** What must hold of the row, besides its id. */
  readonly where: SqlPart;
}

/**
 * One conditional UPDATE of one row. Resolves with the row as this statement left it; undefined if it changed none.
 * A lone update is called within `alone`.
 */
export async function updateUpload(
  session: SqlSession,
  update: UploadUpdate,
): Promise<UploadRecord | undefined> {
  const { id, endpoint, set, where } = update;
  const statement = `UPDATE tus_upload SET ${set.sql} WHERE id = ? AND endpoint = ? AND ${where.sql}`;
  const parameters: SqlValue[] = [...set.parameters, id, endpoint, ...where.parameters];
  const { dialect } = session;
  if (dialect.returning) {
    const returning = `${statement} RETURNING ${uploadColumns(dialect.now)}`;
    const [row] = await session.query<SelectedUpload>(returning, parameters);
    return row && toRecord(row);
  }
  // The transaction holds the row that was changed, so nobody else can have changed it when it is read.
  return (await session.change(statement, parameters)) > 0 ? readUpload(session, id) : undefined;
}

/** The row of a statement that has just made or changed it. */
export async function readUpload(session: SqlSession, id: string): Promise<UploadRecord | undefined> {
  const sql = `SELECT ${uploadColumns(session.dialect.now)} FROM tus_upload WHERE id = ?`;
  const [row] = await session.query<SelectedUpload>(sql, [id]);
  return row && toRecord(row);
}
