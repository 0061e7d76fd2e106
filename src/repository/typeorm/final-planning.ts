import type { UploadRecord } from '../upload-record.js';
import type { FinalPlan, PlannedFinal, PlannedPartial } from '../upload-repository.js';
import { LIVING, stateList } from './final-states.js';
import { loadUploads } from './load-uploads.js';
import { startsOf } from './list-starts.js';
import { pin } from './pins.js';
import type { SqlSession, StatementDeps } from './sql-connection.js';
import { placeholderRows, statementChunks } from './sql-lists.js';
import { changeRow } from './change-rows.js';
import { inserted, insertRefusal, uploadInsert } from './upload-insert.js';
import { lockUploads } from './upload-locks.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** Plans a final: everything or nothing, and the same plan twice is one final. */
export class FinalPlanning {
  constructor(private readonly deps: StatementDeps) {}

  async plan(plan: FinalPlan): Promise<PlannedFinal> {
    const { connection } = this.deps;
    try {
      return await connection.transaction((session) => this.planWithin(session, plan));
    } catch (error) {
      // Either the answer of the commit was lost, or another request inserted the same final first.
      const living = await this.living(connection, plan.final.dedupeKey).catch(() => undefined);
      if (!living) throw await insertRefusal(connection, plan.final, error);
      // An application may give both requests the same id: only where nothing was in the way is the row ours.
      const created = living.id === plan.final.id && !connection.dialect.isUniqueViolation(error);
      return { created, final: living };
    }
  }

  private async planWithin(session: SqlSession, plan: FinalPlan): Promise<PlannedFinal> {
    const living = await this.living(session, plan.final.dedupeKey);
    if (living) return { created: false, final: living };

    const partials = await this.judged(session, [...new Set(plan.partialIds)]);
    const verdict = plan.check(partials);
    const listed = inOrder(plan.partialIds, partials);

    const upload = { ...plan.final, ...verdict };
    const holder = verdict.state === 'merging' ? plan.holder : undefined;
    const inserting = uploadInsert(session.dialect, { upload, endpoint: this.deps.endpoint, holder });
    const final = inserted(await changeRow(session, inserting), upload);
    await this.insertList(session, final.id, listed);
    if (consumersOf(partials).length > 0) await this.nameSources(session, final.id);
    await pin(session, final.id);
    return { created: true, final, ...listOf(listed) };
  }

  private async living(session: SqlSession, dedupeKey: string): Promise<UploadRecord | undefined> {
    const [row] = await session.query<SelectedUpload>(
      `SELECT ${uploadColumns(session.dialect)} FROM tus_upload
      WHERE dedupe_key = ? AND endpoint = ? AND kind = 'final' AND state IN (${stateList(LIVING)})`,
      [dedupeKey, this.deps.endpoint],
    );
    return row && toRecord(row);
  }

  /** The partials as they stay until the end of the transaction, and with them the finals that have their bytes. */
  private async judged(session: SqlSession, ids: readonly string[]): Promise<Map<string, UploadRecord>> {
    if (session.dialect.lock === '') return this.load(session, ids);
    const consumers = consumersOf(await this.load(session, ids));
    await lockUploads(session, [...ids, ...consumers]);
    const partials = await this.load(session, ids);
    // One that consumed a partial between the look and the lock comes out of order; a deadlock is tried again.
    const late = consumersOf(partials).filter((id) => !consumers.includes(id));
    await lockUploads(session, late);
    return partials;
  }

  private load(session: SqlSession, ids: readonly string[]): Promise<Map<string, UploadRecord>> {
    return loadUploads(session, this.deps.endpoint, ids);
  }

  private async insertList(
    session: SqlSession,
    finalId: string,
    listed: readonly UploadRecord[],
  ): Promise<void> {
    const starts = startsOf(listed.map(({ length }) => length));
    const entries = listed.map(({ id }, place) => [finalId, place, id, starts?.[place] ?? null] as const);
    for (const chunk of statementChunks(entries)) {
      const values = placeholderRows(chunk.length, 4);
      const statement = `INSERT INTO tus_final_partial (final_id, position, partial_id, start_offset) VALUES ${values}`;
      await session.change(statement, chunk.flat());
    }
  }

  /** A final that is still taking the bytes of a partial is needed too: once it is merged, only it has them. */
  private async nameSources(session: SqlSession, finalId: string): Promise<void> {
    const statement = `UPDATE tus_final_partial SET source_id = (
        SELECT consumer.id FROM tus_upload AS partial JOIN tus_upload AS consumer ON consumer.id = partial.consumed_by
        WHERE partial.id = tus_final_partial.partial_id AND consumer.state IN (${stateList(LIVING)}))
      WHERE final_id = ?`;
    await session.change(statement, [finalId]);
  }
}

function consumersOf(partials: ReadonlyMap<string, UploadRecord>): string[] {
  return [...partials.values()].flatMap(({ consumedBy }) => consumedBy ?? []);
}

function inOrder(ids: readonly string[], rows: ReadonlyMap<string, UploadRecord>): UploadRecord[] {
  return ids.map((id) => {
    const row = rows.get(id);
    if (!row) throw new Error(`The plan of a final passed without the partial ${id}.`);
    return row;
  });
}

/** Once they are pinned no other final can take bytes that none has claimed by now. */
function listOf(listed: readonly UploadRecord[]): { readonly list?: readonly PlannedPartial[] } {
  const own = listed.every(({ content, consumedBy }) => content === 'stored' && consumedBy === null);
  return own ? { list: listed.map((partial) => ({ partial, consumer: null })) } : {};
}
