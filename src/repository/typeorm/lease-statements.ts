import type { UploadState } from '../../model/upload.js';
import type { UploadChange, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS, type LeaseRenewal } from '../upload-repository.js';
import type { RowStatements } from './row-statements.js';
import { settle } from './settle.js';
import type { StatementDeps } from './sql-connection.js';
import { placeholderRows, placeholders, statementChunks } from './sql-lists.js';
import { assignments, bearing } from './upload-change.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** Statements that take a lease, write under it, and keep it. */
export class LeaseStatements {
  constructor(
    private readonly deps: StatementDeps,
    private readonly rows: RowStatements,
  ) {}

  async take(id: string, holder: string, states: readonly UploadState[]): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const [row] = await connection.query<SelectedUpload>(
      connection.dialect.changing(
        `UPDATE tus_upload SET lease_holder = ?, lease_expires_at = ${now} + ${LEASE_MILLISECONDS}, epoch = epoch + 1
        WHERE id = ? AND endpoint = ? AND state IN (${placeholders(states.length)})
        AND (lease_holder IS NULL OR lease_expires_at <= ${now})
        RETURNING ${uploadColumns(now)}`,
      ),
      [holder, id, endpoint, ...states],
    );
    return row && toRecord(row);
  }

  write(
    id: string,
    under: { epoch: number; release: boolean },
    change: UploadChange,
  ): Promise<UploadRecord | undefined> {
    return settle(
      () => this.writeOnce(id, under, change),
      async () => bearing(await this.rows.find(id), { ...under, change }),
    );
  }

  async renew(holder: string, leases: readonly LeaseRenewal[]): Promise<ReadonlySet<string>> {
    const renewed = new Set<string>();
    for (const chunk of statementChunks(leases)) {
      for (const id of await this.renewChunk(holder, chunk)) renewed.add(id);
    }
    return renewed;
  }

  private async writeOnce(
    id: string,
    { epoch, release }: { epoch: number; release: boolean },
    change: UploadChange,
  ): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const set = assignments(change, release, now);
    const [row] = await connection.query<SelectedUpload>(
      // The epoch alone would let a holder write that has given its lease back.
      connection.dialect.changing(
        `UPDATE tus_upload SET ${set.sql}
        WHERE id = ? AND endpoint = ? AND epoch = ? AND lease_holder IS NOT NULL RETURNING ${uploadColumns(now)}`,
      ),
      [...set.parameters, id, endpoint, epoch],
    );
    return row && toRecord(row);
  }

  private async renewChunk(holder: string, leases: readonly LeaseRenewal[]): Promise<string[]> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const rows = await connection.query<{ id: string }>(
      `WITH beat (beat_id, beat_epoch, durable) AS (VALUES ${placeholderRows(leases.length, 3)})
      UPDATE tus_upload SET lease_expires_at = ${now} + ${LEASE_MILLISECONDS}, updated_at = ${now},
      upload_offset = CASE WHEN state = 'open' AND durable > upload_offset THEN durable ELSE upload_offset END
      FROM beat
      WHERE id = beat_id AND endpoint = ? AND epoch = beat_epoch AND lease_holder = ? RETURNING id`,
      [...leases.flatMap(({ id, epoch, offset }) => [id, epoch, offset]), endpoint, holder],
    );
    return rows.map(({ id }) => id);
  }
}
