import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import type { TestDatabase } from './fixtures.js';

export interface SqliteTestDatabase extends TestDatabase {
  readonly connection: SqliteConnection;
  readonly path: string;
}

/** A SQLite file in a folder of its own. */
export async function sqliteTestDatabase(): Promise<SqliteTestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
  const path = join(folder, 'state', 'uploads.sqlite');
  const connection = new SqliteConnection({ path });
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
