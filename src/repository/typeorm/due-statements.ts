import type { UploadState } from '../../model/upload.js';
import type { UploadRecord } from '../upload-record.js';
import { SETTLED, stateList } from './final-states.js';
import { ROWS_PER_STATEMENT, placeholders, statementChunks } from './sql-lists.js';
import type { SqlSession, StatementDeps } from './sql-connection.js';
import { overdue, type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** Statements that find the work of maintenance, and note what is done. */
export class DueStatements {
  constructor(private readonly deps: StatementDeps) {}

  async abandoned(states: readonly UploadState[], limit: number): Promise<UploadRecord[]> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    // Said in the words of the index: SQLite uses a partial index only if the query repeats its condition.
    const indexed = states.some((state) => SETTLED.includes(state))
      ? ''
      : `AND state NOT IN (${stateList(SETTLED)})`;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(connection.dialect)} FROM tus_upload
      WHERE endpoint = ? AND state IN (${placeholders(states.length)}) ${indexed}
      AND (lease_holder IS NULL OR lease_expires_at <= ${now}) ORDER BY updated_at, id LIMIT ?`,
      [endpoint, ...states, limit],
    );
    return rows.map(toRecord);
  }

  async postpone(ids: readonly string[]): Promise<void> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    for (const chunk of statementChunks(ids)) {
      const statement = `UPDATE tus_upload SET updated_at = ${now} WHERE id IN (${placeholders(chunk.length)})
        AND endpoint = ? AND state = 'finishing' AND (lease_holder IS NULL OR lease_expires_at <= ${now})`;
      await connection.change(statement, [...chunk, endpoint]);
    }
  }

  async overdue(limit: number): Promise<UploadRecord[]> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(connection.dialect)} FROM tus_upload WHERE endpoint = ? AND ${overdue(now)}
      ORDER BY expires_at LIMIT ?`,
      [endpoint, limit],
    );
    return rows.map(toRecord);
  }

  async releasing(limit: number, after = ''): Promise<UploadRecord[]> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(connection.dialect)} FROM tus_upload
      WHERE endpoint = ? AND content = 'releasing' AND pins = 0 AND id > ? ORDER BY id LIMIT ?`,
      [endpoint, after, limit],
    );
    return rows.map(toRecord);
  }

  /** From those that have parts, which are few, to their uploads. */
  async withLeftParts(limit: number, after = '', partials = false): Promise<UploadRecord[]> {
    const { connection, endpoint } = this.deps;
    const { dialect } = connection;
    const kinds = partials ? '' : `AND held.kind <> 'partial'`;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(dialect, 'held')} FROM (${dialect.different('tus_part', 'upload_id')}) AS parts
      JOIN tus_upload AS held ON held.id = parts.value
      WHERE held.endpoint = ? AND (held.lease_holder IS NULL OR held.lease_expires_at <= ${dialect.now})
      AND ((held.state = 'complete' ${kinds}) OR (held.state = 'gone' AND held.content <> 'releasing'))
      ORDER BY held.id LIMIT ?`,
      [after, endpoint, limit],
    );
    return rows.map(toRecord);
  }

  async released(ids: readonly string[]): Promise<void> {
    for (const chunk of statementChunks(ids)) {
      const statement = `UPDATE tus_upload SET content = 'released'
        WHERE id IN (${placeholders(chunk.length)}) AND endpoint = ? AND content = 'releasing'`;
      await this.deps.connection.change(statement, [...chunk, this.deps.endpoint]);
    }
  }

  /** Not bound to the endpoint: registrations that share a storage must not sweep each other's bytes. */
  async withWorkingBytes(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const needed = new Set<string>();
    for (const chunk of statementChunks(ids)) {
      const rows = await this.deps.connection.query<{ id: string }>(
        `SELECT id FROM tus_upload WHERE id IN (${placeholders(chunk.length)}) AND (
          state NOT IN ('complete', 'gone') OR (state = 'complete' AND kind = 'partial' AND content <> 'released'))`,
        chunk,
      );
      for (const { id } of rows) needed.add(id);
    }
    return needed;
  }

  async forgetTombstones(olderThanMilliseconds: number): Promise<number> {
    const { connection } = this.deps;
    for (let forgotten = 0; ;) {
      const count = await connection.transaction((session) =>
        this.forgetSome(session, olderThanMilliseconds),
      );
      forgotten += count;
      if (count < ROWS_PER_STATEMENT) return forgotten;
    }
  }

  private async forgetSome(session: SqlSession, olderThanMilliseconds: number): Promise<number> {
    const { now, lockFree } = session.dialect;
    const old = await session.query<{ id: string }>(
      `SELECT id FROM tus_upload
      WHERE endpoint = ? AND state = 'gone' AND state NOT IN (${stateList(SETTLED)}) AND updated_at <= ${now} - ?
      AND delivery IS NULL AND content <> 'releasing' AND pins = 0
      AND NOT EXISTS (SELECT 1 FROM tus_part WHERE upload_id = tus_upload.id)
      AND NOT EXISTS (SELECT 1 FROM tus_delivery WHERE upload_id = tus_upload.id) ORDER BY updated_at LIMIT ? ${lockFree}`,
      [this.deps.endpoint, olderThanMilliseconds, ROWS_PER_STATEMENT],
    );
    if (old.length === 0) return 0;
    const ids = old.map(({ id }) => id);
    const marks = placeholders(ids.length);
    // Two statements, each by its own index: MySQL would read the whole table for both conditions in one.
    for (const column of ['final_id', 'partial_id']) {
      await session.change(`DELETE FROM tus_final_partial WHERE ${column} IN (${marks})`, ids);
    }
    return session.change(`DELETE FROM tus_upload WHERE id IN (${marks})`, ids);
  }
}
