import type { DataSource } from 'typeorm';
import type { UploadRecord, UrlStore } from './url-store.js';

const TABLE = 'tus_client_upload';
/** Where `text` is too short for the URLs of many ranges. */
const LONG_TEXT: Partial<Record<DataSource['options']['type'], string>> = {
  mysql: 'longtext',
  mariadb: 'longtext',
  'aurora-mysql': 'longtext',
};

/**
 * Remembers uploads in a table (`tus_client_upload`) of a database, through an initialised `DataSource` of TypeORM. The
 * table is made when it is first needed. With SQLite give it a `DataSource` of its own: TypeORM has one connection, so
 * that a transaction of the application that is rolled back would take records along.
 */
export class DataSourceUrlStore implements UrlStore {
  private ready: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  async find(fingerprint: string): Promise<UploadRecord[]> {
    await this.prepare();
    const rows = await this.dataSource
      .createQueryBuilder()
      .select('upload.record', 'record')
      .from(TABLE, 'upload')
      .where('upload.fingerprint = :fingerprint', { fingerprint })
      .getRawMany<{ record: string }>();
    return rows.map(({ record }) => JSON.parse(record) as UploadRecord);
  }

  async save(record: UploadRecord): Promise<void> {
    await this.prepare();
    const { id, fingerprint } = record;
    const text = asciiOf(record);
    // One process at a time writes a record, so that nobody comes between the look and the change.
    const known = await this.dataSource
      .createQueryBuilder()
      .select('upload.id', 'id')
      .from(TABLE, 'upload')
      .where('upload.id = :id', { id })
      .getRawOne<{ id: string }>();
    if (known) {
      await this.dataSource
        .createQueryBuilder()
        .update(TABLE)
        .set({ record: text })
        .where('id = :id', { id })
        .execute();
      return;
    }
    await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(TABLE, ['id', 'fingerprint', 'record'])
      .values({ id, fingerprint, record: text })
      .execute();
  }

  async remove({ id }: UploadRecord): Promise<void> {
    await this.prepare();
    await this.dataSource.createQueryBuilder().delete().from(TABLE).where('id = :id', { id }).execute();
  }

  private prepare(): Promise<void> {
    this.ready ??= this.createTable().catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    });
    return this.ready;
  }

  private async createTable(): Promise<void> {
    // Loaded here, so that a client without this store needs no TypeORM.
    const { Table } = await import('typeorm');
    const runner = this.dataSource.createQueryRunner();
    try {
      if (await runner.hasTable(TABLE)) return;
      const columns = [
        { name: 'id', type: 'varchar', length: '64', isPrimary: true },
        { name: 'fingerprint', type: 'varchar', length: '64' },
        { name: 'record', type: LONG_TEXT[this.dataSource.options.type] ?? 'text' },
      ];
      const indices = [{ name: `${TABLE}_fingerprint`, columnNames: ['fingerprint'] }];
      try {
        await runner.createTable(new Table({ name: TABLE, columns, indices }), true);
      } catch (error) {
        // Another process was faster.
        if (!(await runner.hasTable(TABLE))) throw error;
      }
    } finally {
      await runner.release();
    }
  }
}

/** In JSON, with escapes for all that the character set of a database may not have. */
function asciiOf(record: UploadRecord): string {
  return JSON.stringify(record).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
