import type { UploadChange, UploadRecord } from '../upload-record.js';
import type { PlannedPartial } from '../upload-repository.js';
import { UNMERGED, stateList } from './final-states.js';
import { unpin } from './pins.js';
import type { RowStatements } from './row-statements.js';
import { settle } from './settle.js';
import type { Query, StatementDeps } from './sql-connection.js';
import { assignments, bearing } from './upload-change.js';
import { type SelectedUpload, toNumber, toRecord, uploadColumns } from './upload-row.js';

type ListedPartial = SelectedUpload & { consumer_start: number | string | null };

/** What happens to a final once it is planned, and to its partials with it. */
export class FinalStatements {
  constructor(
    private readonly deps: StatementDeps,
    private readonly rows: RowStatements,
  ) {}

  async partialsOf(finalId: string): Promise<PlannedPartial[]> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<ListedPartial>(
      `SELECT ${uploadColumns(connection.dialect.now, 'partial')}, (
        SELECT MIN(taken.start_offset) FROM tus_final_partial AS taken
        WHERE taken.partial_id = partial.id AND taken.final_id = partial.consumed_by) AS consumer_start
      FROM tus_final_partial AS entry JOIN tus_upload AS partial ON partial.id = entry.partial_id
      WHERE entry.final_id = ? AND partial.endpoint = ? ORDER BY entry.position`,
      [finalId, endpoint],
    );
    const consumed = rows.some((row) => row.content !== 'stored');
    const consumers = consumed ? await this.consumersOf(finalId) : new Map<string, UploadRecord>();
    return rows.map((row) => {
      const partial = toRecord(row);
      const final = partial.content === 'stored' ? undefined : consumers.get(partial.consumedBy ?? '');
      const start = toNumber(row.consumer_start);
      return { partial, consumer: final && start !== null ? { final, start } : null };
    });
  }

  async claimBytes(partialId: string, finalId: string): Promise<boolean> {
    const { connection, endpoint } = this.deps;
    const claimed = await connection.query(
      connection.dialect.changing(
        `UPDATE tus_upload SET consumed_by = ?
        WHERE id = ? AND endpoint = ? AND kind = 'partial' AND state = 'complete' AND content = 'stored'
        AND (consumed_by = ? OR (consumed_by IS NULL AND pins = 1))
        AND EXISTS (SELECT 1 FROM tus_final_partial AS entry JOIN tus_upload AS final ON final.id = entry.final_id
          WHERE entry.partial_id = tus_upload.id AND entry.final_id = ?
          AND final.state IN (${stateList(UNMERGED)}))
        RETURNING id`,
      ),
      [finalId, partialId, endpoint, finalId, finalId],
    );
    return claimed.length > 0;
  }

  complete(
    id: string,
    under: { epoch: number; releasePartials: boolean },
    change: UploadChange,
  ): Promise<UploadRecord | undefined> {
    const completing: UploadChange = { ...change, state: 'complete', completed: true };
    return this.end(id, { epoch: under.epoch, change: completing }, async (query) => {
      await this.recordStarts(query, id);
      await unpin(query, this.deps.connection.dialect, id);
      await this.consumePartials(query, id, under.releasePartials);
    });
  }

  async fail(id: string, epoch: number): Promise<boolean> {
    const change: UploadChange = { state: 'terminating', ending: 'failed' };
    const failed = await this.end(id, { epoch, change }, (query) =>
      unpin(query, this.deps.connection.dialect, id),
    );
    return failed !== undefined;
  }

  /** Ends the need for the partials, once: the final leaves its unmerged state and its lease in one transaction. */
  private end(
    id: string,
    under: { epoch: number; change: UploadChange },
    then: (query: Query) => Promise<void>,
  ): Promise<UploadRecord | undefined> {
    return settle(
      () =>
        this.deps.connection.transaction(async (query) => {
          const ended = await this.leave(query, id, under);
          if (ended) await then(query);
          return ended;
        }),
      async () => bearing(await this.rows.find(id), { ...under, release: true }),
    );
  }

  private async leave(
    query: Query,
    id: string,
    { epoch, change }: { epoch: number; change: UploadChange },
  ): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const set = assignments(change, true, now);
    const [row] = await query<SelectedUpload>(
      connection.dialect.changing(
        `UPDATE tus_upload SET ${set.sql} WHERE id = ? AND endpoint = ? AND kind = 'final'
        AND state IN (${stateList(UNMERGED)}) AND epoch = ? AND lease_holder IS NOT NULL
        RETURNING ${uploadColumns(now)}`,
      ),
      [...set.parameters, id, endpoint, epoch],
    );
    return row && toRecord(row);
  }

  private async consumersOf(finalId: string): Promise<Map<string, UploadRecord>> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(connection.dialect.now)} FROM tus_upload WHERE endpoint = ? AND id IN (
        SELECT partial.consumed_by FROM tus_final_partial AS entry
        JOIN tus_upload AS partial ON partial.id = entry.partial_id WHERE entry.final_id = ?)`,
      [endpoint, finalId],
    );
    return new Map(rows.map((row) => [row.id, toRecord(row)]));
  }

  /** Recorded while every partial has its row, so that the ranges outlive the rows before them. */
  private async recordStarts(query: Query, finalId: string): Promise<void> {
    await query(
      `WITH ranges AS (
        SELECT entry.position AS place,
          SUM(partial.upload_length) OVER (ORDER BY entry.position) - partial.upload_length AS begins
        FROM tus_final_partial AS entry JOIN tus_upload AS partial ON partial.id = entry.partial_id
        WHERE entry.final_id = ?)
      UPDATE tus_final_partial SET start_offset = begins FROM ranges
      WHERE final_id = ? AND position = place`,
      [finalId, finalId],
    );
  }

  /** Bytes that the final has claimed are its own now, whoever else pins the partial. */
  private async consumePartials(query: Query, finalId: string, releasePartials: boolean): Promise<void> {
    const { dialect } = this.deps.connection;
    const unneeded = releasePartials ? 'pins = 0' : '1 = 0';
    await query(
      dialect.changing(
        `UPDATE tus_upload SET content = 'releasing', consumed_by = ?, updated_at = ${dialect.now}
        WHERE id IN (SELECT partial_id FROM tus_final_partial WHERE final_id = ?)
        AND state = 'complete' AND content = 'stored' AND (consumed_by = ? OR ${unneeded})`,
      ),
      [finalId, finalId, finalId],
    );
  }
}
