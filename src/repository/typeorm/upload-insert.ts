import { createHash } from 'node:crypto';
import { KeyConflictError } from '../../model/errors/key-conflict.error.js';
import { OptionResultError } from '../../model/errors/option-result.error.js';
import type { NewUpload, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { Dialect } from './dialect.js';
import type { RowChange, SqlSession, SqlValue } from './sql-connection.js';
import { placeholders } from './sql-lists.js';

export interface UploadInsert {
  readonly upload: NewUpload;
  readonly endpoint: string;
  /** Takes the lease at once; undefined leaves the row without one. */
  readonly holder: string | undefined;
}

/** Makes the row. */
export function uploadInsert(dialect: Dialect, insert: UploadInsert): RowChange {
  const { columns, values, parameters } = insertedColumns(insert, dialect.now);
  const into = `INSERT INTO tus_upload (${columns}) VALUES `;
  return {
    id: insert.upload.id,
    kind: `${into}${values}`,
    sql: (rows) => into + Array<string>(rows).fill(values).join(', '),
    parameters,
  };
}

/** @throws Error if the statement made no row. */
export function inserted(record: UploadRecord | undefined, { id }: Pick<NewUpload, 'id'>): UploadRecord {
  if (!record) throw new Error(`The database returned nothing for the new upload ${id}.`);
  return record;
}

/**
 * What to throw for an insert that a unique index refused. Id and key are looked up instead of reading the name of the
 * index out of the message, which each database words differently; after the transaction, which may be beyond use.
 */
export async function insertRefusal(
  session: SqlSession,
  upload: Pick<NewUpload, 'id' | 'storage' | 'key'>,
  error: unknown,
): Promise<unknown> {
  if (!session.dialect.isUniqueViolation(error)) return error;
  const { id, storage, key } = upload;
  const sql = 'SELECT id FROM tus_upload WHERE id = ? OR (storage = ? AND live_key = ?)';
  const rows = session.query<{ id: string }>(sql, [id, storage, key === null ? null : liveKey(key)]);
  const taken = await rows.catch(() => []);
  if (taken.some((one) => one.id === id)) {
    return new OptionResultError(
      'idGenerator',
      id,
      'an upload has or had this id: return another one each time',
    );
  }
  return taken.length > 0 ? new KeyConflictError() : error;
}

/** A key is longer than what every database can index. */
function liveKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function insertedColumns({ upload, endpoint, holder }: UploadInsert, now: string) {
  const given: Record<string, SqlValue> = {
    id: upload.id,
    endpoint,
    storage: upload.storage,
    storage_key: upload.key,
    live_key: upload.key === null ? null : liveKey(upload.key),
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
  const { expiresIn } = upload;
  const parameters = Object.values(given);
  return {
    columns: [...Object.keys(given), ...Object.keys(stamped), 'expires_at'].join(', '),
    values: `(${[
      placeholders(parameters.length),
      ...Object.values(stamped),
      expiresIn === null ? 'NULL' : `${now} + ?`,
    ].join(', ')})`,
    parameters: expiresIn === null ? parameters : [...parameters, expiresIn],
  };
}
