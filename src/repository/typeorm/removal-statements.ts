import type { UploadRecord } from '../upload-record.js';
import { UNMERGED } from './final-states.js';
import { unpin } from './pins.js';
import type { RowStatements } from './row-statements.js';
import type { Query, SqlValue, StatementDeps } from './sql-connection.js';
import { RELEASE } from './upload-change.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

type Termination = 'done' | 'pinned' | 'lost';

/** Ways for an upload to go. */
export class RemovalStatements {
  constructor(
    private readonly deps: StatementDeps,
    private readonly rows: RowStatements,
  ) {}

  async terminate(id: string, epoch: number | undefined): Promise<Termination> {
    const { connection } = this.deps;
    try {
      const result = await connection.transaction((query) => this.terminateWithin(query, id, epoch));
      if (result !== 'lost' || epoch === undefined) return result;
      return (await this.isTerminated(id, epoch)) ? 'done' : 'lost';
    } catch (error) {
      if (await this.isTerminated(id, epoch).catch(() => false)) return 'done';
      throw error;
    }
  }

  async bury(id: string): Promise<void> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    await connection.query(
      connection.dialect.changing(
        `UPDATE tus_upload SET state = 'gone', content = 'released', live_key = NULL, reference = NULL,
        dedupe_key = NULL, updated_at = ${now}, ${RELEASE}
        WHERE id = ? AND endpoint = ? AND state = 'terminating'`,
      ),
      [id, endpoint],
    );
  }

  async erase(id: string): Promise<void> {
    const { connection, endpoint } = this.deps;
    await connection.transaction(async (query) => {
      const erased = await query(
        connection.dialect.changing(
          `DELETE FROM tus_upload WHERE id = ? AND endpoint = ? AND state = 'terminating' RETURNING id`,
        ),
        [id, endpoint],
      );
      if (erased.length === 0) return;
      const list = 'DELETE FROM tus_final_partial WHERE final_id = ?';
      await query(connection.dialect.changing(list), [id]);
    });
  }

  private async terminateWithin(query: Query, id: string, epoch: number | undefined): Promise<Termination> {
    const upload = await this.read(query, id);
    if (!upload || !mayTerminate(upload, epoch)) return 'lost';
    if (upload.pins > 0) return 'pinned';
    if (!(await this.markTerminating(query, upload))) return 'lost';
    if (upload.kind !== 'final') return 'done';
    if (UNMERGED.includes(upload.state)) await unpin(query, this.deps.connection.dialect, id);
    if (upload.state === 'complete') await this.dropConsumed(query, id);
    return 'done';
  }

  private async read(query: Query, id: string): Promise<UploadRecord | undefined> {
    const columns = uploadColumns(this.deps.connection.dialect.now);
    const sql = `SELECT ${columns} FROM tus_upload WHERE id = ? AND endpoint = ?`;
    const [row] = await query<SelectedUpload>(sql, [id, this.deps.endpoint]);
    return row && toRecord(row);
  }

  /** Names all that the decision rests on, for databases in which a row may change between two statements. */
  private async markTerminating(query: Query, upload: UploadRecord): Promise<boolean> {
    const { dialect } = this.deps.connection;
    const parameters: SqlValue[] = [upload.id, upload.state, upload.epoch];
    const marked = await query(
      dialect.changing(
        `UPDATE tus_upload SET state = 'terminating', ending = 'terminated', dedupe_key = NULL,
        updated_at = ${dialect.now}, ${RELEASE}
        WHERE id = ? AND state = ? AND epoch = ? AND pins = 0 RETURNING id`,
      ),
      parameters,
    );
    return marked.length > 0;
  }

  /** Bytes that only the final had go with it. Own bytes that are still to be freed stay marked. */
  private async dropConsumed(query: Query, finalId: string): Promise<void> {
    const { dialect } = this.deps.connection;
    await query(
      dialect.changing(
        `UPDATE tus_upload SET state = 'gone', ending = 'terminated', updated_at = ${dialect.now}
        WHERE consumed_by = ? AND content <> 'stored' AND state = 'complete'`,
      ),
      [finalId],
    );
  }

  private async isTerminated(id: string, epoch: number | undefined): Promise<boolean> {
    const upload = await this.rows.find(id);
    if (upload?.ending !== 'terminated') return false;
    return epoch === undefined || (upload.epoch === epoch && upload.releasedEpoch === epoch);
  }
}

function mayTerminate(upload: UploadRecord, epoch: number | undefined): boolean {
  if (epoch === undefined) return upload.state === 'complete' || upload.state === 'failed';
  const ended = upload.state === 'terminating' || upload.state === 'gone';
  return !ended && upload.epoch === epoch && upload.leaseHolder !== null;
}
