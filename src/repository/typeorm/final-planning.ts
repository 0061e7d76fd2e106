import type { UploadRecord } from '../upload-record.js';
import type { FinalPlan, PlannedFinal } from '../upload-repository.js';
import { LIVING, stateList } from './final-states.js';
import { pin } from './pins.js';
import type { Query, StatementDeps } from './sql-connection.js';
import { placeholderRows, placeholders, statementChunks } from './sql-lists.js';
import { insertUpload } from './upload-insert.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

/** Plans a final: everything or nothing, and the same plan twice is one final. */
export class FinalPlanning {
  constructor(private readonly deps: StatementDeps) {}

  async plan(plan: FinalPlan): Promise<PlannedFinal> {
    const { connection } = this.deps;
    try {
      return await connection.transaction((query) => this.planWithin(query, plan));
    } catch (error) {
      // Either the answer of the commit was lost, or another request inserted the same final first.
      const query = connection.query.bind(connection);
      const living = await this.living(query, plan.final.dedupeKey).catch(() => undefined);
      if (!living) throw error;
      return { created: living.id === plan.final.id, final: living };
    }
  }

  private async planWithin(query: Query, plan: FinalPlan): Promise<PlannedFinal> {
    const { connection, endpoint } = this.deps;
    const living = await this.living(query, plan.final.dedupeKey);
    if (living) return { created: false, final: living };

    const partials = await this.load(query, [...new Set(plan.partialIds)]);
    const length = plan.check(partials);
    const missing = plan.partialIds.find((id) => !partials.has(id));
    if (missing !== undefined) throw new Error(`The plan of a final passed without the partial ${missing}.`);

    const insert = { upload: { ...plan.final, length }, endpoint, holder: plan.holder };
    const final = await insertUpload(query, connection.dialect, insert);
    await this.insertList(query, final.id, plan.partialIds);
    const consumed = [...partials.values()].some((partial) => partial.consumedBy !== null);
    if (consumed) await this.nameSources(query, final.id);
    await pin(query, connection.dialect, final.id);
    return { created: true, final };
  }

  private async living(query: Query, dedupeKey: string): Promise<UploadRecord | undefined> {
    const columns = uploadColumns(this.deps.connection.dialect.now);
    const [row] = await query<SelectedUpload>(
      `SELECT ${columns} FROM tus_upload
      WHERE dedupe_key = ? AND endpoint = ? AND kind = 'final' AND state IN (${stateList(LIVING)})`,
      [dedupeKey, this.deps.endpoint],
    );
    return row && toRecord(row);
  }

  private async load(query: Query, ids: readonly string[]): Promise<Map<string, UploadRecord>> {
    const columns = uploadColumns(this.deps.connection.dialect.now);
    const partials = new Map<string, UploadRecord>();
    for (const chunk of statementChunks(ids)) {
      const rows = await query<SelectedUpload>(
        `SELECT ${columns} FROM tus_upload WHERE id IN (${placeholders(chunk.length)}) AND endpoint = ?`,
        [...chunk, this.deps.endpoint],
      );
      for (const row of rows) partials.set(row.id, toRecord(row));
    }
    return partials;
  }

  private async insertList(query: Query, finalId: string, partialIds: readonly string[]): Promise<void> {
    const entries = partialIds.map((partialId, position) => [finalId, position, partialId] as const);
    for (const chunk of statementChunks(entries)) {
      const values = placeholderRows(chunk.length, 3);
      const statement = `INSERT INTO tus_final_partial (final_id, position, partial_id) VALUES ${values}`;
      await query(this.deps.connection.dialect.changing(statement), chunk.flat());
    }
  }

  /** A final that is still taking the bytes of a partial is needed too: once it is merged, only it has them. */
  private async nameSources(query: Query, finalId: string): Promise<void> {
    const statement = `UPDATE tus_final_partial SET source_id = (
        SELECT consumer.id FROM tus_upload AS partial JOIN tus_upload AS consumer ON consumer.id = partial.consumed_by
        WHERE partial.id = tus_final_partial.partial_id AND consumer.state IN (${stateList(LIVING)}))
      WHERE final_id = ?`;
    await query(this.deps.connection.dialect.changing(statement), [finalId]);
  }
}
