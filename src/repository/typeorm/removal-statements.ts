import type { Ending, UploadRecord } from '../upload-record.js';
import { UNMERGED } from './final-states.js';
import { unpin } from './pins.js';
import type { RowStatements } from './row-statements.js';
import type { SqlSession, StatementDeps } from './sql-connection.js';
import { RELEASE } from './upload-change.js';
import { lockFinal } from './upload-locks.js';
import { overdue, type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

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
      const result = await connection.transaction((session) => this.terminateWithin(session, id, epoch));
      if (result !== 'lost' || epoch === undefined) return result;
      return (await this.isTerminated(id, epoch)) ? 'done' : 'lost';
    } catch (error) {
      if (await this.isTerminated(id, epoch).catch(() => false)) return 'done';
      throw error;
    }
  }

  expire(id: string, frees: (upload: UploadRecord) => boolean): Promise<boolean> {
    return this.deps.connection.transaction(async (session) => {
      await lockFinal(session, id);
      const upload = await this.read(session, id);
      if (!upload?.expired || !(await this.markExpired(session, upload, frees(upload)))) return false;
      await this.letGo(session, upload, 'expired');
      return true;
    });
  }

  async bury(id: string): Promise<void> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    await connection.change(
      `UPDATE tus_upload SET state = 'gone', content = 'released', live_key = NULL, reference = NULL,
      dedupe_key = NULL, expires_at = NULL, updated_at = ${now}, ${RELEASE}
      WHERE id = ? AND endpoint = ? AND state = 'terminating'`,
      [id, endpoint],
    );
  }

  async erase(id: string): Promise<void> {
    const { connection, endpoint } = this.deps;
    await connection.transaction(async (session) => {
      const upload = `DELETE FROM tus_upload WHERE id = ? AND endpoint = ? AND state = 'terminating'`;
      if ((await session.change(upload, [id, endpoint])) === 0) return;
      await session.change('DELETE FROM tus_final_partial WHERE final_id = ?', [id]);
      await session.change('DELETE FROM tus_part WHERE upload_id = ?', [id]);
    });
  }

  private async terminateWithin(
    session: SqlSession,
    id: string,
    epoch: number | undefined,
  ): Promise<Termination> {
    await lockFinal(session, id);
    const upload = await this.read(session, id);
    if (!upload || !mayTerminate(upload, epoch)) return 'lost';
    if (upload.pins > 0) return 'pinned';
    if (!(await this.markTerminating(session, upload))) return 'lost';
    await this.letGo(session, upload, 'terminated');
    return 'done';
  }

  /** What a final has held, by pins or as bytes. */
  private async letGo(session: SqlSession, upload: UploadRecord, ending: Ending): Promise<void> {
    if (upload.kind !== 'final') return;
    if (UNMERGED.includes(upload.state)) await unpin(session, upload.id);
    if (upload.state === 'complete') await this.dropConsumed(session, upload.id, ending);
  }

  /** The epoch grows: a writer that was silent for so long finds that its lease is gone. */
  private async markExpired(session: SqlSession, upload: UploadRecord, free: boolean): Promise<boolean> {
    const { now } = session.dialect;
    const ended = free ? "state = 'terminating'" : "state = 'gone', live_key = NULL, reference = NULL";
    const marked = await session.change(
      `UPDATE tus_upload SET ${ended}, ending = 'expired', dedupe_key = NULL, expires_at = NULL, epoch = epoch + 1,
      updated_at = ${now}, lease_holder = NULL, lease_expires_at = NULL
      WHERE id = ? AND epoch = ? AND ${overdue(now)}`,
      [upload.id, upload.epoch],
    );
    return marked > 0;
  }

  private async read(session: SqlSession, id: string): Promise<UploadRecord | undefined> {
    const columns = uploadColumns(session.dialect);
    const sql = `SELECT ${columns} FROM tus_upload WHERE id = ? AND endpoint = ?`;
    const [row] = await session.query<SelectedUpload>(sql, [id, this.deps.endpoint]);
    return row && toRecord(row);
  }

  /** Names all that the decision rests on. */
  private async markTerminating(session: SqlSession, upload: UploadRecord): Promise<boolean> {
    const marked = await session.change(
      `UPDATE tus_upload SET state = 'terminating', ending = 'terminated', dedupe_key = NULL, expires_at = NULL,
      updated_at = ${session.dialect.now}, ${RELEASE}
      WHERE id = ? AND state = ? AND epoch = ? AND pins = 0`,
      [upload.id, upload.state, upload.epoch],
    );
    return marked > 0;
  }

  /** Bytes that only the final had go with it. Own bytes that are still to be freed stay marked. */
  private async dropConsumed(session: SqlSession, finalId: string, ending: Ending): Promise<void> {
    await session.change(
      `UPDATE tus_upload SET state = 'gone', ending = ?, expires_at = NULL, updated_at = ${session.dialect.now}
      WHERE consumed_by = ? AND content <> 'stored' AND state = 'complete'`,
      [ending, finalId],
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
