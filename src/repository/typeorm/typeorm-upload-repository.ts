import type { UploadState } from '../../model/upload.js';
import type { Extension, NewUpload, UploadChange, UploadRecord } from '../upload-record.js';
import type {
  FinalPlan,
  LeaseRenewal,
  ListFilter,
  PlannedFinal,
  PlannedPartial,
  UploadRepository,
  WantedRow,
} from '../upload-repository.js';
import { DueStatements } from './due-statements.js';
import { FinalPlanning } from './final-planning.js';
import { FinalStatements } from './final-statements.js';
import { LeaseStatements } from './lease-statements.js';
import { RemovalStatements } from './removal-statements.js';
import { RowStatements } from './row-statements.js';
import type { SqlConnection } from './sql-connection.js';

/** The rows of one registration in a relational database. */
export class TypeOrmUploadRepository implements UploadRepository {
  private readonly rows: RowStatements;
  private readonly leases: LeaseStatements;
  private readonly planning: FinalPlanning;
  private readonly finals: FinalStatements;
  private readonly removals: RemovalStatements;
  private readonly due: DueStatements;

  /** `endpoint` names the registration: rows of another one are never seen. */
  constructor(connection: SqlConnection, endpoint: string) {
    const deps = { connection, endpoint };
    this.rows = new RowStatements(deps);
    this.leases = new LeaseStatements(deps, this.rows);
    this.planning = new FinalPlanning(deps);
    this.finals = new FinalStatements(deps, this.rows);
    this.removals = new RemovalStatements(deps, this.rows);
    this.due = new DueStatements(deps);
  }

  insert(upload: NewUpload, holder?: string): Promise<UploadRecord> {
    return this.rows.insert(upload, holder);
  }

  find(id: string): Promise<UploadRecord | undefined> {
    return this.rows.find(id);
  }

  findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UploadRecord>> {
    return this.rows.findAll(ids);
  }

  list(filter: ListFilter): Promise<UploadRecord[]> {
    return this.rows.list(filter);
  }

  take(id: string, holder: string, wanted: WantedRow): Promise<UploadRecord | undefined> {
    return this.leases.take(id, holder, wanted);
  }

  write(
    id: string,
    epoch: number,
    change: UploadChange,
    release: boolean,
  ): Promise<UploadRecord | undefined> {
    return this.leases.write(id, { epoch, release }, change);
  }

  renew(
    holder: string,
    leases: readonly LeaseRenewal[],
    extend: Extension | null = null,
  ): Promise<ReadonlySet<string>> {
    return this.leases.renew(holder, leases, extend);
  }

  planFinal(plan: FinalPlan): Promise<PlannedFinal> {
    return this.planning.plan(plan);
  }

  finalsWaitingFor(partialId: string): Promise<string[]> {
    return this.finals.waitingFor(partialId);
  }

  decidedFinals(limit: number): Promise<string[]> {
    return this.finals.decided(limit);
  }

  partialsOf(finalId: string): Promise<PlannedPartial[]> {
    return this.finals.partialsOf(finalId);
  }

  claimBytes(partialId: string, finalId: string): Promise<boolean> {
    return this.finals.claimBytes(partialId, finalId);
  }

  completeFinal(
    id: string,
    epoch: number,
    change: UploadChange,
    releasePartials: boolean,
  ): Promise<UploadRecord | undefined> {
    return this.finals.complete(id, { epoch, releasePartials }, change);
  }

  failFinal(id: string, epoch: number): Promise<boolean> {
    return this.finals.fail(id, epoch);
  }

  terminate(id: string, epoch: number | undefined): Promise<'done' | 'pinned' | 'lost'> {
    return this.removals.terminate(id, epoch);
  }

  overdue(limit: number): Promise<UploadRecord[]> {
    return this.due.overdue(limit);
  }

  expire(id: string, frees: (upload: UploadRecord) => boolean): Promise<boolean> {
    return this.removals.expire(id, frees);
  }

  bury(id: string): Promise<void> {
    return this.removals.bury(id);
  }

  erase(id: string): Promise<void> {
    return this.removals.erase(id);
  }

  releasing(limit: number, after?: string): Promise<UploadRecord[]> {
    return this.due.releasing(limit, after);
  }

  released(ids: readonly string[]): Promise<void> {
    return this.due.released(ids);
  }

  withLeftParts(limit: number, after?: string, partials?: boolean): Promise<UploadRecord[]> {
    return this.due.withLeftParts(limit, after, partials);
  }

  abandoned(states: readonly UploadState[], limit: number): Promise<UploadRecord[]> {
    return this.due.abandoned(states, limit);
  }

  postpone(ids: readonly string[]): Promise<void> {
    return this.due.postpone(ids);
  }

  withWorkingBytes(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.due.withWorkingBytes(ids);
  }

  forgetTombstones(olderThanMilliseconds: number): Promise<number> {
    return this.due.forgetTombstones(olderThanMilliseconds);
  }
}
