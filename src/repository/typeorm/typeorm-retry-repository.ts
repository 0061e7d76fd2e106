import type {
  ClaimedRetry,
  CountedDelivery,
  DeliveryFailure,
  DeliveryKey,
  GivenUpDelivery,
  GivenUpFilter,
  OpenDelivery,
  RetryRepository,
} from '../retry-repository.js';
import { ORPHANED_MILLISECONDS, REPEATED_MILLISECONDS } from '../retry-repository.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { DeliveryRow } from './delivery.schema.js';
import type { GivenColumn, GivenRow } from './dialect.js';
import { loadUploads } from './load-uploads.js';
import type { SqlConnection, SqlSession, SqlValue, Statement } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { type SelectedUpload, toRecord, uploadColumns } from './upload-row.js';

const KEY: readonly GivenColumn[] = [
  { name: 'given_upload', type: 'varchar' },
  { name: 'given_provider', type: 'varchar' },
  { name: 'given_attempts', type: 'integer' },
];
const CLAIMED: readonly GivenColumn[] = [...KEY, { name: 'given_endpoint', type: 'varchar' }];
const OPENED: readonly GivenColumn[] = [
  ...KEY,
  { name: 'given_delay', type: 'bigint' },
  { name: 'given_error', type: 'varchar' },
];
const ONE = 'upload_id = ? AND provider = ? AND endpoint = ?';

/** The deliveries of one registration that have failed, in a relational database. */
export class TypeOrmRetryRepository implements RetryRepository {
  constructor(
    private readonly connection: SqlConnection,
    private readonly endpoint: string,
  ) {}

  // A crash before it leaves the marker, and all providers are called again; after it, those with a row. Of two at once
  // the second finds no marker.
  open(uploadId: string, deliveries: readonly OpenDelivery[]): Promise<boolean> {
    return this.connection.transaction(async (session) => {
      const cleared = await session.change(
        `UPDATE tus_upload SET delivery = NULL, delivery_until = NULL
        WHERE id = ? AND endpoint = ? AND delivery = 'pending'`,
        [uploadId, this.endpoint],
      );
      if (cleared === 0) return false;
      for (const chunk of statementChunks(deliveries)) await this.insert(session, chunk);
      return true;
    });
  }

  async claim(providers: readonly string[], limit: number): Promise<ClaimedRetry[]> {
    const due = this.due(providers, limit);
    // Mostly there are none, and a look needs no transaction.
    if ((await this.connection.query(due.sql, due.parameters)).length === 0) return [];
    return this.connection.transaction(async (session) => {
      const sql = `${due.sql} ${session.dialect.lockFree}`;
      const claimed = (await session.query<DeliveryRow>(sql, due.parameters)).map(toCounted);
      await this.extend(session, claimed);
      const ids = [...new Set(claimed.map(({ uploadId }) => uploadId))];
      const uploads = await loadUploads(session, this.endpoint, ids);
      return claimed.flatMap((delivery) => {
        const upload = uploads.get(delivery.uploadId);
        return upload ? [{ ...delivery, upload }] : [];
      });
    });
  }

  async renew(deliveries: readonly CountedDelivery[]): Promise<void> {
    for (const chunk of statementChunks(deliveries)) await this.extend(this.connection, chunk);
  }

  async delivered({ uploadId, provider }: DeliveryKey): Promise<void> {
    await this.connection.change(`DELETE FROM tus_delivery WHERE ${ONE}`, [
      uploadId,
      provider,
      this.endpoint,
    ]);
  }

  async failed(
    { uploadId, provider, attempts }: CountedDelivery,
    { error, delay }: DeliveryFailure,
  ): Promise<void> {
    const { now } = this.connection.dialect;
    const due = delay === null ? { sql: 'NULL', values: [] } : { sql: `${now} + ?`, values: [delay] };
    await this.connection.change(
      `UPDATE tus_delivery SET due_at = ${due.sql}, attempts = ?, failed_at = ${now}, error = ?
      WHERE ${ONE} AND attempts = ?`,
      [...due.values, attempts + 1, error, uploadId, provider, this.endpoint, attempts],
    );
  }

  async givenUp({ after, limit, known }: GivenUpFilter): Promise<GivenUpDelivery[]> {
    const { dialect } = this.connection;
    const [from, values]: [string, SqlValue[]] = after
      ? [
          'AND (upload_id > ? OR (upload_id = ? AND provider > ?))',
          [after.uploadId, after.uploadId, after.provider],
        ]
      : ['', []];
    const rows = await this.connection.query<SelectedUpload & DeliveryRow>(
      `SELECT ${uploadColumns(dialect, 'upload')}, upload_id, provider, attempts, due_at, failed_at, error
      FROM tus_delivery JOIN tus_upload AS upload ON upload.id = upload_id
      WHERE ${this.listed(known)} ${from}
      ORDER BY upload_id, provider LIMIT ?`,
      [...this.listedValues(known), ...values, limit],
    );
    return rows.map((row) => ({
      ...toCounted(row),
      upload: toRecord(row),
      error: row.error,
      since: Number(row.failed_at ?? row.due_at),
      orphaned: row.due_at !== null,
    }));
  }

  repeat(uploadId: string, provider?: string): Promise<number> {
    const [which, values] = provider === undefined ? ['', []] : ['AND provider = ?', [provider]];
    const early = ORPHANED_MILLISECONDS - REPEATED_MILLISECONDS;
    return this.connection.change(
      `UPDATE tus_delivery SET due_at = ${this.connection.dialect.now} - ${early}, attempts = 0
      WHERE upload_id = ? AND endpoint = ? AND due_at IS NULL ${which}`,
      [uploadId, this.endpoint, ...values],
    );
  }

  dismiss(
    { uploadId, provider }: { readonly uploadId: string; readonly provider: string | undefined },
    known: readonly string[],
  ): Promise<number> {
    const [which, values] = provider === undefined ? ['', []] : ['AND provider = ?', [provider]];
    return this.connection.change(
      `DELETE FROM tus_delivery
      WHERE upload_id = ? AND ${this.listed(known)} ${which}`,
      [uploadId, ...this.listedValues(known), ...values],
    );
  }

  async orphans(known: readonly string[]): Promise<string[]> {
    const rows = await this.connection.query<{ provider: string }>(
      `SELECT DISTINCT provider FROM tus_delivery WHERE endpoint = ? AND ${this.orphaned(known)} ORDER BY provider`,
      [this.endpoint, ...known],
    );
    return rows.map(({ provider }) => provider);
  }

  /** In two halves, so that each goes by the index of times. */
  private listed(known: readonly string[]): string {
    const given = 'tus_delivery.endpoint = ? AND due_at IS NULL';
    return `((${given}) OR (tus_delivery.endpoint = ? AND ${this.orphaned(known)}))`;
  }

  private listedValues(known: readonly string[]): string[] {
    return [this.endpoint, this.endpoint, ...known];
  }

  private orphaned(known: readonly string[]): string {
    const unknown = known.length === 0 ? '' : `AND provider NOT IN (${placeholders(known.length)})`;
    return `(due_at <= ${this.connection.dialect.now} - ${ORPHANED_MILLISECONDS} ${unknown})`;
  }

  private due(providers: readonly string[], limit: number): Statement {
    const sql = `SELECT upload_id, provider, attempts FROM tus_delivery
      WHERE endpoint = ? AND due_at <= ${this.connection.dialect.now} AND provider IN (${placeholders(providers.length)})
      ORDER BY due_at LIMIT ?`;
    return { sql, parameters: [this.endpoint, ...providers, limit] };
  }

  /** By the count of failures, so that a late renewal does not bring forward what has failed meanwhile. */
  private async extend(session: SqlSession, deliveries: readonly CountedDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { dialect } = session;
    const { endpoint } = this;
    const rows = deliveries.map(({ uploadId, provider, attempts }) => [
      uploadId,
      provider,
      attempts,
      endpoint,
    ]);
    const { sql: source, parameters } = dialect.givenRows(CLAIMED, rows);
    const update = dialect.joinedUpdate({
      table: 'tus_delivery',
      source,
      alias: 'given',
      set: `due_at = ${dialect.now} + ${LEASE_MILLISECONDS}`,
      on: 'upload_id = given_upload AND provider = given_provider AND attempts = given_attempts',
      where: 'endpoint = given_endpoint',
    });
    await session.change(update, parameters);
  }

  private async insert(session: SqlSession, deliveries: readonly OpenDelivery[]): Promise<void> {
    const { dialect } = session;
    const { sql: source, parameters } = dialect.givenRows(OPENED, deliveries.map(toOpened));
    await session.change(
      `INSERT INTO tus_delivery (endpoint, upload_id, provider, attempts, due_at, failed_at, error)
      SELECT ?, given_upload, given_provider, given_attempts, ${dialect.now} + given_delay,
      CASE WHEN given_attempts = 0 THEN NULL ELSE ${dialect.now} END, given_error FROM (${source}) AS given`,
      [this.endpoint, ...parameters],
    );
  }
}

/** NULL added to a time is NULL: given up. */
function toOpened({ uploadId, provider, failure }: OpenDelivery): GivenRow {
  if (!failure) return [uploadId, provider, 0, LEASE_MILLISECONDS, null];
  return [uploadId, provider, 1, failure.delay, failure.error];
}

function toCounted({ upload_id, provider, attempts }: DeliveryRow): CountedDelivery {
  return { uploadId: upload_id, provider, attempts };
}
