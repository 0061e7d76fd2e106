import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUpload } from './fixtures.js';
import { SQLITE_DRIVERS, type SqliteTestDatabase, sqliteTestDatabase } from './sqlite-database.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';

const ALL = ['tus_delivery', 'tus_final_partial', 'tus_migrations', 'tus_part', 'tus_upload'];

let database: SqliteTestDatabase;

afterEach(() => database.close());

async function tables(): Promise<string[]> {
  const rows = await database.connection.query<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'tus_%' ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

describe.each(SQLITE_DRIVERS)('the migrations through %s', (driver) => {
  beforeEach(async () => {
    database = await sqliteTestDatabase(driver);
  });

  it('leave nothing for the schema to ask for', async () => {
    const log = await database.connection.dataSource.driver.createSchemaBuilder().log();
    expect(log.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be taken back and run again', async () => {
    const { dataSource } = database.connection;
    expect(await tables()).toEqual(ALL);
    await dataSource.undoLastMigration();
    expect(await tables()).toEqual(['tus_migrations']);
    await dataSource.runMigrations();
    expect(await tables()).toEqual(ALL);
    const repository = new TypeOrmUploadRepository(database.connection, 'files');
    expect(await repository.insert(newUpload())).toMatchObject({ state: 'open' });
  });

  it('keep the indexes that every upload writes to at the primary key, the key and the expiry', async () => {
    const indexes = await database.connection.query<{ name: string; partial: number }>(
      `SELECT name, partial FROM pragma_index_list('tus_upload') ORDER BY name`,
    );
    expect(indexes.filter(({ partial }) => !partial)).toEqual([
      { name: 'sqlite_autoindex_tus_upload_1', partial: 0 },
    ]);
    expect(indexes.filter(({ partial }) => partial).map(({ name }) => name)).toEqual([
      'tus_upload_consumed',
      'tus_upload_dedupe',
      'tus_upload_delivery',
      'tus_upload_expiry',
      'tus_upload_key',
      'tus_upload_releasing',
      'tus_upload_unsettled',
    ]);
  });
});
