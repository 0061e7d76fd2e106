import type { NewUpload, UploadRecord } from '../upload-record.js';
import type { ListFilter } from '../upload-repository.js';
import { loadUploads } from './load-uploads.js';
import { placeholders } from './sql-lists.js';
import type { SqlValue, StatementDeps } from './sql-connection.js';
import { inserted, insertRefusal, uploadInsert } from './upload-insert.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** Statements that make and read single rows. */
export class RowStatements {
  constructor(private readonly deps: StatementDeps) {}

  async insert(upload: NewUpload, holder?: string): Promise<UploadRecord> {
    const { connection, endpoint } = this.deps;
    try {
      const inserting = uploadInsert(connection.dialect, { upload, endpoint, holder });
      return inserted(await connection.changeRow(inserting), upload);
    } catch (error) {
      if (connection.dialect.isUniqueViolation(error)) throw await insertRefusal(connection, upload, error);
      const ours = await this.ours(upload, holder).catch(() => undefined);
      if (ours) return ours;
      throw error;
    }
  }

  async find(id: string): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const sql = `SELECT ${uploadColumns(connection.dialect)} FROM tus_upload WHERE id = ? AND endpoint = ?`;
    const [row] = await connection.query<SelectedUpload>(sql, [id, endpoint]);
    return row && toRecord(row);
  }

  findAll(ids: readonly string[]): Promise<Map<string, UploadRecord>> {
    return loadUploads(this.deps.connection, this.deps.endpoint, ids);
  }

  async list({ kind, states, after = '', limit }: ListFilter): Promise<UploadRecord[]> {
    const { connection, endpoint } = this.deps;
    const conditions = ['id > ?', 'endpoint = ?'];
    const parameters: SqlValue[] = [after, endpoint];
    if (kind) {
      conditions.push('kind = ?');
      parameters.push(kind);
    }
    if (states) {
      conditions.push(`state IN (${placeholders(states.length)})`);
      parameters.push(...states);
    }
    const columns = uploadColumns(connection.dialect);
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${columns} FROM tus_upload WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`,
      [...parameters, limit],
    );
    return rows.map(toRecord);
  }

  /** The row of an insert whose answer was lost. */
  private async ours(upload: NewUpload, holder?: string): Promise<UploadRecord | undefined> {
    const found = await this.find(upload.id);
    const epoch = holder === undefined ? 0 : 1;
    return found?.epoch === epoch && found.leaseHolder === (holder ?? null) ? found : undefined;
  }
}
