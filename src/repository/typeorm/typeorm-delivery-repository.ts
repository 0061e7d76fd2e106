import type { DeliveryRepository } from '../delivery-repository.js';
import type { UploadRecord } from '../upload-record.js';
import { ORPHANED_MILLISECONDS } from '../retry-repository.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { SqlConnection, SqlSession } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** The pending completion events of one registration, as markers in its rows. */
export class TypeOrmDeliveryRepository implements DeliveryRepository {
  constructor(
    private readonly connection: SqlConnection,
    private readonly endpoint: string,
  ) {}

  async claim(limit: number): Promise<UploadRecord[]> {
    const rows = this.connection.dialect.returning
      ? await this.claimAtOnce(limit)
      : await this.connection.transaction((session) => this.claimInSteps(session, limit));
    return rows.map(toRecord).sort((one, other) => (one.completedAt ?? 0) - (other.completedAt ?? 0));
  }

  async renew(ids: readonly string[]): Promise<void> {
    for (const chunk of statementChunks(ids)) {
      const statement = `UPDATE tus_upload
        SET delivery_until = ${this.connection.dialect.now} + ${LEASE_MILLISECONDS}
        WHERE id IN (${placeholders(chunk.length)}) AND endpoint = ? AND delivery = 'pending'`;
      await this.connection.change(statement, [...chunk, this.endpoint]);
    }
  }

  async delivered(ids: readonly string[]): Promise<void> {
    const { dialect } = this.connection;
    for (const chunk of statementChunks(ids)) {
      // However many they are, SQLite gets them as one parameter, and keeps the statement prepared.
      const { sql: source, parameters } = dialect.givenRows(
        [{ name: 'given_id', type: 'varchar' }],
        rowsOf(chunk),
      );
      const update = dialect.joinedUpdate({
        table: 'tus_upload',
        source,
        alias: 'given',
        set: 'delivery = NULL, delivery_until = NULL',
        on: 'id = given_id',
        // Without a word of the marker: SQLite would go through all that are pending, for each of these.
        where: 'endpoint = ?',
      });
      await this.connection.change(update, [...parameters, this.endpoint]);
    }
  }

  async orphans(limit: number): Promise<string[]> {
    const rows = await this.connection.query<{ id: string }>(
      `SELECT id FROM tus_upload WHERE ${this.due(ORPHANED_MILLISECONDS)} ORDER BY delivery_until LIMIT ?`,
      [this.endpoint, limit],
    );
    return rows.map(({ id }) => id);
  }

  dismiss(uploadId: string): Promise<number> {
    return this.connection.change(
      `UPDATE tus_upload SET delivery = NULL, delivery_until = NULL
      WHERE id = ? AND ${this.due(ORPHANED_MILLISECONDS)}`,
      [uploadId, this.endpoint],
    );
  }

  private claimAtOnce(limit: number): Promise<SelectedUpload[]> {
    const { dialect } = this.connection;
    // The condition stands twice so that two claims at once share nothing, whatever each of them has read.
    return this.connection.query<SelectedUpload>(
      `WITH due AS (${this.dueIds('id AS due_id')})
      UPDATE tus_upload SET delivery_until = ${dialect.now} + ${LEASE_MILLISECONDS}
      WHERE id IN (SELECT due_id FROM due) AND ${this.due()} RETURNING ${uploadColumns(dialect)}`,
      [this.endpoint, limit, this.endpoint],
    );
  }

  private async claimInSteps(session: SqlSession, limit: number): Promise<SelectedUpload[]> {
    const { now } = session.dialect;
    const due = await session.query<{ id: string }>(this.dueIds('id'), [this.endpoint, limit]);
    if (due.length === 0) return [];
    const ids = due.map(({ id }) => id);
    const marks = placeholders(ids.length);
    await session.change(
      `UPDATE tus_upload SET delivery_until = ${now} + ${LEASE_MILLISECONDS} WHERE id IN (${marks})`,
      ids,
    );
    return session.query<SelectedUpload>(
      `SELECT ${uploadColumns(session.dialect)} FROM tus_upload WHERE id IN (${marks})`,
      ids,
    );
  }

  private dueIds(column: string): string {
    const { lockFree } = this.connection.dialect;
    return `SELECT ${column} FROM tus_upload WHERE ${this.due()} ORDER BY delivery_until LIMIT ? ${lockFree}`;
  }

  private due(since = 0): string {
    const { now } = this.connection.dialect;
    return `endpoint = ? AND delivery = 'pending' AND delivery_until <= ${now} - ${since}`;
  }
}

function rowsOf(ids: readonly string[]): string[][] {
  return ids.map((id) => [id]);
}
