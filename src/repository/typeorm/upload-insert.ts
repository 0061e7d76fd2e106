import { KeyConflictError } from '../../model/errors/key-conflict.error.js';
import type { NewUpload, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { Dialect } from './dialect.js';
import { placeholders } from './sql-lists.js';
import type { Query, SqlValue } from './sql-connection.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

export interface UploadInsert {
  readonly upload: NewUpload;
  readonly endpoint: string;
  /** Takes the lease at once; undefined leaves the row without one. */
  readonly holder: string | undefined;
}

/** @throws KeyConflictError if another upload of the storage has the key. */
export async function insertUpload(
  query: Query,
  dialect: Dialect,
  insert: UploadInsert,
): Promise<UploadRecord> {
  const { columns, values, parameters } = insertedColumns(insert, dialect.now);
  const statement = `INSERT INTO tus_upload (${columns}) VALUES (${values}) RETURNING ${uploadColumns(dialect.now)}`;
  try {
    const [row] = await query<SelectedUpload>(dialect.changing(statement), parameters);
    if (!row) throw new Error(`The database returned nothing for the new upload ${insert.upload.id}.`);
    return toRecord(row);
  } catch (error) {
    if (dialect.isUniqueViolation(error) && (await isKeyTaken(query, insert.upload))) {
      throw new KeyConflictError();
    }
    throw error;
  }
}

/** Asked instead of reading the name of the index out of the message, which each database words differently. */
async function isKeyTaken(query: Query, upload: NewUpload): Promise<boolean> {
  const sql = 'SELECT id FROM tus_upload WHERE storage = ? AND live_key = ?';
  const [taken] = await query<{ id: string }>(sql, [upload.storage, upload.key]);
  return taken !== undefined && taken.id !== upload.id;
}

function insertedColumns({ upload, endpoint, holder }: UploadInsert, now: string) {
  const given: Record<string, SqlValue> = {
    id: upload.id,
    endpoint,
    storage: upload.storage,
    storage_key: upload.key,
    live_key: upload.key,
    kind: upload.kind,
    protocol: 'tus',
    upload_length: upload.length,
    upload_offset: 0,
    metadata: upload.metadata,
    upload_concat: upload.concat,
    state: upload.state,
    content: 'stored',
    pins: 0,
    owner: upload.owner,
    dedupe_key: upload.dedupeKey,
    lease_holder: holder ?? null,
    epoch: holder === undefined ? 0 : 1,
    released_epoch: 0,
  };
  const stamped: Record<string, string> = {
    created_at: now,
    updated_at: now,
    completed_at: upload.state === 'complete' ? now : 'NULL',
    lease_expires_at: holder === undefined ? 'NULL' : `${now} + ${LEASE_MILLISECONDS}`,
  };
  const parameters = Object.values(given);
  return {
    columns: [...Object.keys(given), ...Object.keys(stamped)].join(', '),
    values: [placeholders(parameters.length), ...Object.values(stamped)].join(', '),
    parameters,
  };
}
