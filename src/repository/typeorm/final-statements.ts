import type { UploadChange, UploadRecord } from '../upload-record.js';
import type { PlannedPartial } from '../upload-repository.js';
import { SETTLED, UNMERGED, stateList } from './final-states.js';
import { startsOf } from './list-starts.js';
import { unpin } from './pins.js';
import type { RowStatements } from './row-statements.js';
import { changeRow } from './change-rows.js';
import { settle } from './settle.js';
import type { SqlSession, StatementDeps } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { uploadUpdate } from './upload-update.js';
import { assignments, bearing } from './upload-change.js';
import type { GivenColumn } from './dialect.js';
import { lockFinal, lockUploads } from './upload-locks.js';
import { type SelectedUpload, toNumber, toRecord, uploadColumns, toRecords } from './upload-row.js';

/** Where an entry of a list begins in the final. */
const RANGE: readonly GivenColumn[] = [
  { name: 'place', type: 'integer' },
  { name: 'begins', type: 'bigint' },
];

type ListedPartial = SelectedUpload & { consumer_start: number | string | null };

/** What happens to a final once it is planned, and to its partials with it. */
export class FinalStatements {
  constructor(
    private readonly deps: StatementDeps,
    private readonly rows: RowStatements,
  ) {}

  async waitingFor(partialId: string): Promise<string[]> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<{ id: string }>(
      `SELECT DISTINCT final.id AS id FROM tus_final_partial AS entry JOIN tus_upload AS final ON final.id = entry.final_id
      WHERE entry.partial_id = ? AND final.endpoint = ? AND final.state = 'pending'`,
      [partialId, endpoint],
    );
    return rows.map(({ id }) => id);
  }

  async decided(limit: number): Promise<string[]> {
    const { connection, endpoint } = this.deps;
    const listed = `SELECT 1 FROM tus_final_partial AS entry JOIN tus_upload AS partial ON partial.id = entry.partial_id
      WHERE entry.final_id = final.id`;
    const rows = await connection.query<{ id: string }>(
      `SELECT final.id AS id FROM tus_upload AS final
      WHERE final.endpoint = ? AND final.state = 'pending' AND final.state NOT IN (${stateList(SETTLED)})
      AND (NOT EXISTS (${listed} AND partial.state <> 'complete') OR EXISTS (${listed} AND partial.ending IS NOT NULL))
      ORDER BY final.updated_at LIMIT ?`,
      [endpoint, limit],
    );
    return rows.map(({ id }) => id);
  }

  async partialsOf(finalId: string): Promise<PlannedPartial[]> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<ListedPartial>(
      `SELECT ${uploadColumns(connection.dialect, 'partial')}, (
        SELECT MIN(taken.start_offset) FROM tus_final_partial AS taken
        WHERE taken.partial_id = partial.id AND taken.final_id = partial.consumed_by) AS consumer_start
      FROM tus_final_partial AS entry JOIN tus_upload AS partial ON partial.id = entry.partial_id
      WHERE entry.final_id = ? AND partial.endpoint = ? ORDER BY entry.position`,
      [finalId, endpoint],
    );
    const partials = rows.map((row) => ({ partial: toRecord(row), row }));
    const consumed = partials.some(({ partial }) => partial.content !== 'stored');
    const consumers = consumed ? await this.consumersOf(finalId) : new Map<string, UploadRecord>();
    return partials.map(({ partial, row }) => {
      const final = partial.content === 'stored' ? undefined : consumers.get(partial.consumedBy ?? '');
      const start = toNumber(row.consumer_start);
      return { partial, consumer: final && start !== null ? { final, start } : null };
    });
  }

  async claimBytes(partialId: string, finalId: string): Promise<boolean> {
    return this.deps.connection.transaction(async (session) => {
      await lockUploads(session, [partialId, finalId]);
      return (
        (await this.isUnmergedWith(session, finalId, partialId)) && this.claim(session, partialId, finalId)
      );
    });
  }

  complete(
    id: string,
    under: { epoch: number; releasePartials: boolean },
    change: UploadChange,
  ): Promise<UploadRecord | undefined> {
    const completing: UploadChange = { ...change, state: 'complete', completed: true };
    return this.end(id, { epoch: under.epoch, change: completing }, async (session) => {
      await this.recordStarts(session, id);
      await unpin(session, id);
      await this.consumePartials(session, id, under.releasePartials);
    });
  }

  async fail(id: string, epoch: number): Promise<boolean> {
    const change: UploadChange = { state: 'terminating', ending: 'failed' };
    const failed = await this.end(id, { epoch, change }, (session) => unpin(session, id));
    return failed !== undefined;
  }

  /** Ends the need for the partials, once: the final leaves its unmerged state and its lease in one transaction. */
  private end(
    id: string,
    under: { epoch: number; change: UploadChange },
    then: (session: SqlSession) => Promise<void>,
  ): Promise<UploadRecord | undefined> {
    return settle(
      () =>
        this.deps.connection.transaction(async (session) => {
          await lockFinal(session, id);
          const ended = await this.leave(session, id, under);
          if (ended) await then(session);
          return ended;
        }),
      async () => bearing(await this.rows.find(id), { ...under, release: true }),
    );
  }

  private leave(
    session: SqlSession,
    id: string,
    { epoch, change }: { epoch: number; change: UploadChange },
  ): Promise<UploadRecord | undefined> {
    const { set, given } = assignments(change, true, session.dialect.now);
    const leaving = uploadUpdate(session.dialect, {
      id,
      endpoint: this.deps.endpoint,
      set,
      where: `kind = 'final' AND state IN (${stateList(UNMERGED)}) AND epoch = given_epoch AND lease_holder IS NOT NULL`,
      given: { ...given, epoch },
    });
    return changeRow(session, leaving);
  }

  private async isUnmergedWith(session: SqlSession, finalId: string, partialId: string): Promise<boolean> {
    const entries = await session.query(
      `SELECT entry.position FROM tus_final_partial AS entry JOIN tus_upload AS final ON final.id = entry.final_id
      WHERE entry.partial_id = ? AND entry.final_id = ? AND final.state IN (${stateList(UNMERGED)}) LIMIT 1`,
      [partialId, finalId],
    );
    return entries.length > 0;
  }

  private async claim(session: SqlSession, partialId: string, finalId: string): Promise<boolean> {
    await session.change(
      `UPDATE tus_upload SET consumed_by = ?
      WHERE id = ? AND endpoint = ? AND kind = 'partial' AND state = 'complete' AND content = 'stored'
      AND consumed_by IS NULL AND pins = 1`,
      [finalId, partialId, this.deps.endpoint],
    );
    const claimed = await session.query(
      `SELECT id FROM tus_upload
      WHERE id = ? AND endpoint = ? AND state = 'complete' AND content = 'stored' AND consumed_by = ?`,
      [partialId, this.deps.endpoint, finalId],
    );
    return claimed.length > 0;
  }

  private async consumersOf(finalId: string): Promise<Map<string, UploadRecord>> {
    const { connection, endpoint } = this.deps;
    const rows = await connection.query<SelectedUpload>(
      `SELECT ${uploadColumns(connection.dialect)} FROM tus_upload WHERE endpoint = ? AND id IN (
        SELECT partial.consumed_by FROM tus_final_partial AS entry
        JOIN tus_upload AS partial ON partial.id = entry.partial_id WHERE entry.final_id = ?)`,
      [endpoint, finalId],
    );
    return toRecords(rows);
  }

  /**
   * Recorded while every partial has its row, so that the ranges outlive the rows before them. Where all lengths were
   * known the plan has done it: a list has all of its starts, or none.
   */
  private async recordStarts(session: SqlSession, finalId: string): Promise<void> {
    const entries = await session.query<{ position: number; length: number | string | null }>(
      `SELECT entry.position AS position, partial.upload_length AS length
      FROM tus_final_partial AS entry JOIN tus_upload AS partial ON partial.id = entry.partial_id
      WHERE entry.final_id = ? AND entry.start_offset IS NULL ORDER BY entry.position`,
      [finalId],
    );
    const starts = startsOf(entries.map(({ length }) => toNumber(length))) ?? [];
    const ranges = entries.map(({ position }, index) => [position, starts[index] ?? null] as const);
    for (const chunk of statementChunks(ranges)) {
      const { sql: source, parameters } = session.dialect.givenRows(RANGE, chunk);
      const update = session.dialect.joinedUpdate({
        table: 'tus_final_partial',
        source,
        alias: 'ranges',
        set: 'start_offset = begins',
        on: 'position = place',
        where: 'final_id = ?',
      });
      await session.change(update, [...parameters, finalId]);
    }
  }

  /** Bytes that the final has claimed are its own now, whoever else pins the partial. */
  private async consumePartials(
    session: SqlSession,
    finalId: string,
    releasePartials: boolean,
  ): Promise<void> {
    const unneeded = releasePartials ? 'pins = 0' : '1 = 0';
    const listed = await session.query<{ id: string }>(
      'SELECT DISTINCT partial_id AS id FROM tus_final_partial WHERE final_id = ?',
      [finalId],
    );
    for (const chunk of statementChunks(listed.map(({ id }) => id))) {
      await session.change(
        `UPDATE tus_upload SET content = 'releasing', consumed_by = ?, updated_at = ${session.dialect.now}
        WHERE id IN (${placeholders(chunk.length)})
        AND state = 'complete' AND content = 'stored' AND (consumed_by = ? OR ${unneeded})`,
        [finalId, ...chunk, finalId],
      );
    }
  }
}
