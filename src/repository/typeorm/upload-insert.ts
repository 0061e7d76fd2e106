import { createHash } from 'node:crypto';
import { KeyConflictError } from '../../model/errors/key-conflict.error.js';
import { OptionResultError } from '../../model/errors/option-result.error.js';
import type { NewUpload, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { Dialect } from './dialect.js';
import type { RowChange, SqlSession } from './sql-connection.js';
import { givenColumn } from './upload-update.js';
import type { Given } from './upload-update.js';

export interface UploadInsert {
  readonly upload: NewUpload;
  readonly endpoint: string;
  /** Takes the lease at once; undefined leaves the row without one. */
  readonly holder: string | undefined;
}

/** Makes the row. */
export function uploadInsert(dialect: Dialect, { upload, endpoint, holder }: UploadInsert): RowChange {
  const given = columnsOf({ upload, endpoint, holder });
  const stamped = stamps(dialect.now, upload, holder);
  const columns = Object.keys(given);
  const into = `INSERT INTO tus_upload (${[...columns, ...Object.keys(stamped)].join(', ')})
    SELECT ${[...columns.map((name) => `given_${name}`), ...Object.values(stamped)].join(', ')} FROM`;
  const { expiresIn } = upload;
  const values: Given = { ...given, ...(expiresIn !== null && { expires_in: expiresIn }) };
  return {
    id: upload.id,
    kind: into,
    values: Object.values(values),
    statement: (rows) => {
      const { sql, parameters } = dialect.givenRows(Object.keys(values).map(givenColumn), rows);
      return { sql: `${into} (${sql}) AS given`, parameters };
    },
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

function columnsOf({ upload, endpoint, holder }: UploadInsert): Given {
  return {
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
}

/** Expressions of times by their columns. */
function stamps(
  now: string,
  { state, expiresIn }: NewUpload,
  holder: string | undefined,
): Readonly<Record<string, string>> {
  return {
    created_at: now,
    updated_at: now,
    completed_at: state === 'complete' ? now : 'NULL',
    lease_expires_at: holder === undefined ? 'NULL' : `${now} + ${LEASE_MILLISECONDS}`,
    expires_at: expiresIn === null ? 'NULL' : `${now} + given_expires_in`,
  };
}
