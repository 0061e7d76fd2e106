import type { DeliveryRepository } from '../delivery-repository.js';
import type { UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { SqlConnection } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** The pending completion events of one registration, as markers in its rows. */
export class TypeOrmDeliveryRepository implements DeliveryRepository {
  constructor(
    private readonly connection: SqlConnection,
    private readonly endpoint: string,
  ) {}

  async claim(limit: number): Promise<UploadRecord[]> {
    const { now } = this.connection.dialect;
    const due = `endpoint = ? AND delivery = 'pending' AND delivery_until <= ${now}`;
    const rows = await this.connection.query<SelectedUpload>(
      // The condition stands twice so that two claims at once share nothing, whatever each of them has read.
      `WITH due AS (SELECT id AS due_id FROM tus_upload WHERE ${due} ORDER BY delivery_until LIMIT ?)
      UPDATE tus_upload SET delivery_until = ${now} + ${LEASE_MILLISECONDS}
      WHERE id IN (SELECT due_id FROM due) AND ${due} RETURNING ${uploadColumns(now)}`,
      [this.endpoint, limit, this.endpoint],
    );
    return rows.map(toRecord).sort((one, other) => (one.completedAt ?? 0) - (other.completedAt ?? 0));
  }

  async renew(ids: readonly string[]): Promise<void> {
    for (const chunk of statementChunks(ids)) {
      const statement = `UPDATE tus_upload
        SET delivery_until = ${this.connection.dialect.now} + ${LEASE_MILLISECONDS}
        WHERE id IN (${placeholders(chunk.length)}) AND endpoint = ? AND delivery = 'pending'`;
      await this.connection.query(this.connection.dialect.changing(statement), [...chunk, this.endpoint]);
    }
  }

  async delivered(id: string): Promise<void> {
    const statement = `UPDATE tus_upload SET delivery = NULL, delivery_until = NULL WHERE id = ? AND endpoint = ?`;
    await this.connection.query(this.connection.dialect.changing(statement), [id, this.endpoint]);
  }

  async postpone(id: string, delayMilliseconds: number): Promise<void> {
    const statement = `UPDATE tus_upload SET delivery_until = ${this.connection.dialect.now} + ?
      WHERE id = ? AND endpoint = ? AND delivery = 'pending'`;
    await this.connection.query(this.connection.dialect.changing(statement), [
      delayMilliseconds,
      id,
      this.endpoint,
    ]);
  }
}
