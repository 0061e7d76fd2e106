import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import type { SqliteDriver } from '../../src/repository/typeorm/sqlite-driver.js';
import type { TestDatabase } from './fixtures.js';

export interface SqliteTestDatabase extends TestDatabase {
  readonly connection: SqliteConnection;
  readonly path: string;
}

/** The packages that TypeORM 0.3 opens a file with. */
export const SQLITE_DRIVERS: readonly SqliteDriver[] = ['sqlite3', 'better-sqlite3'];

/** A SQLite file in a folder of its own. */
export async function sqliteTestDatabase(driver: SqliteDriver = 'sqlite3'): Promise<SqliteTestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
  const path = join(folder, 'state', 'uploads.sqlite');
  const connection = new SqliteConnection({ path, driver });
  await connection.open();
  return {
    connection,
    path,
    close: async () => {
      await connection.close();
      await rm(folder, { recursive: true });
    },
  };
}
