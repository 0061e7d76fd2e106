import { describe, expect, it } from '@jest/globals';
import { sqliteDataSource } from '../../../src/repository/typeorm/sqlite-driver.js';
import { sqliteTestDatabase } from '../sqlite-database.js';
import { uploadRepositoryContract } from '../upload-repository.contract.js';

uploadRepositoryContract('SQLite through TypeORM 1', () => sqliteTestDatabase('better-sqlite3'));

describe('TypeORM 1', () => {
  it('opens files through better-sqlite3, also where nothing is asked for', () => {
    expect(sqliteDataSource('a.sqlite').options.type).toBe('better-sqlite3');
  });

  it('has no sqlite3, and the message says what to do instead', () => {
    expect(() => sqliteDataSource('a.sqlite', 'sqlite3')).toThrow('better-sqlite3');
  });

  it('leaves nothing for the schema to ask for', async () => {
    const database = await sqliteTestDatabase('better-sqlite3');
    const log = await database.connection.dataSource.driver.createSchemaBuilder().log();
    expect(log.upQueries).toEqual([]);
    await database.close();
  });
});
