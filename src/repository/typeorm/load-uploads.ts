import type { UploadRecord } from '../upload-record.js';
import type { SqlSession } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { type SelectedUpload, uploadColumns, toRecords } from './upload-row.js';

/** The rows of one registration that have these ids. */
export async function loadUploads(
  session: SqlSession,
  endpoint: string,
  ids: readonly string[],
): Promise<Map<string, UploadRecord>> {
  const columns = uploadColumns(session.dialect);
  const uploads = new Map<string, UploadRecord>();
  for (const chunk of statementChunks(ids)) {
    const rows = await session.query<SelectedUpload>(
      `SELECT ${columns} FROM tus_upload WHERE id IN (${placeholders(chunk.length)}) AND endpoint = ?`,
      [...chunk, endpoint],
    );
    for (const [id, upload] of toRecords(rows)) uploads.set(id, upload);
  }
  return uploads;
}
