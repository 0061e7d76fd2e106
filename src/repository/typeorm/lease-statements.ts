import type { Extension, UploadChange, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS, type LeaseRenewal, type WantedRow } from '../upload-repository.js';
import { stateList } from './final-states.js';
import type { RowStatements } from './row-statements.js';
import { settle } from './settle.js';
import type { GivenColumn } from './dialect.js';
import type { SqlValue, StatementDeps } from './sql-connection.js';
import { statementChunks } from './sql-lists.js';
import { assignments, bearing, extended } from './upload-change.js';
import { uploadUpdate } from './upload-update.js';
import { overdue } from './upload-row.js';

/** What a renewal says of each lease. */
const BEAT: readonly GivenColumn[] = [
  { name: 'beat_id', type: 'varchar' },
  { name: 'beat_epoch', type: 'integer' },
  { name: 'durable', type: 'bigint' },
];

/** A part of a SET list. Where somebody has written before, bytes that never verified may lie behind the offset. */
const FINISHING = `state = CASE WHEN state = 'open' AND kind = 'single' AND epoch = 0 AND upload_length = given_at_hand
  THEN 'finishing' ELSE state END`;

/** Statements that take a lease, write under it, and keep it. */
export class LeaseStatements {
  constructor(
    private readonly deps: StatementDeps,
    private readonly rows: RowStatements,
  ) {}

  async take(id: string, holder: string, { states, atHand }: WantedRow): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const { now } = connection.dialect;
    const taking = uploadUpdate(connection.dialect, {
      id,
      endpoint,
      // The state first: MySQL and MariaDB see what was set before.
      set: `${atHand === undefined ? '' : `${FINISHING}, `}lease_holder = given_holder,
        lease_expires_at = ${now} + ${LEASE_MILLISECONDS}, epoch = epoch + 1`,
      where: `state IN (${stateList(states)}) AND (lease_holder IS NULL OR lease_expires_at <= ${now})
        AND NOT ${overdue(now)}`,
      given: { holder, ...(atHand !== undefined && { at_hand: atHand }) },
    });
    return connection.changeRow(taking);
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

  async renew(
    holder: string,
    leases: readonly LeaseRenewal[],
    extend: Extension | null,
  ): Promise<ReadonlySet<string>> {
    const renewed = new Set<string>();
    for (const chunk of statementChunks(leases)) {
      for (const id of await this.renewChunk(holder, chunk, extend)) renewed.add(id);
    }
    return renewed;
  }

  private async writeOnce(
    id: string,
    { epoch, release }: { epoch: number; release: boolean },
    change: UploadChange,
  ): Promise<UploadRecord | undefined> {
    const { connection, endpoint } = this.deps;
    const { set, given } = assignments(change, release, connection.dialect.now);
    const writing = uploadUpdate(connection.dialect, {
      id,
      endpoint,
      set,
      // The epoch alone would let a holder write that has given its lease back.
      where: 'epoch = given_epoch AND lease_holder IS NOT NULL',
      given: { ...given, epoch },
    });
    return connection.changeRow(writing);
  }

  private async renewChunk(
    holder: string,
    leases: readonly LeaseRenewal[],
    extend: Extension | null,
  ): Promise<string[]> {
    const { connection, endpoint } = this.deps;
    const { dialect } = connection;
    const beats = leases.map(({ id, epoch, offset }) => [id, epoch, offset]);
    const { sql: source, parameters: given } = dialect.givenRows(BEAT, beats);
    const on = 'id = beat_id AND epoch = beat_epoch';
    const where = 'endpoint = ? AND lease_holder = ?';
    const set = `lease_expires_at = ${dialect.now} + ${LEASE_MILLISECONDS}, updated_at = ${dialect.now},
      upload_offset = CASE WHEN state = 'open' AND durable > upload_offset THEN durable ELSE upload_offset END${
        extend === null ? '' : `, ${extended(dialect.now, extend, "state = 'open'")}`
      }`;
    const update = dialect.joinedUpdate({ table: 'tus_upload', source, alias: 'beat', set, on, where });
    const parameters = [...given, endpoint, holder];
    const rows = dialect.returning
      ? await connection.query<{ id: string }>(`${update} RETURNING id`, parameters)
      : await this.renewAndLook(
          { update, look: `SELECT id FROM tus_upload JOIN (${source}) AS beat ON ${on} WHERE ${where}` },
          parameters,
        );
    return rows.map(({ id }) => id);
  }

  /** Who has the lease now under the same epoch had it at the update too, which has therefore renewed it. */
  private async renewAndLook(
    statements: { readonly update: string; readonly look: string },
    parameters: readonly SqlValue[],
  ): Promise<{ id: string }[]> {
    await this.deps.connection.change(statements.update, parameters);
    return this.deps.connection.query<{ id: string }>(statements.look, parameters);
  }
}
