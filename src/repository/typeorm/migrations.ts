import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CreateUploads1794000000000 } from './migrations/1794000000000-create-uploads.js';

/** Of this module alone: an application keeps the names of its own migrations elsewhere. */
export const MIGRATIONS_TABLE = 'tus_migrations';

/** In the order in which they run. */
export const MIGRATIONS = [CreateUploads1794000000000];

/**
 * Brings the tables of this module up to date through a runner of the application, whose own migrations and entities
 * have no part in it. The caller sees to it that no other process does the same at the same time.
 */
export async function migrate(runner: QueryRunner, dress: (sql: string) => string): Promise<void> {
  await runner.createTable(migrationsTable(), true);
  const table = dress(MIGRATIONS_TABLE);
  const done = (await runner.query(`SELECT name FROM ${table}`)) as { name: string }[];
  for (const Migration of MIGRATIONS) {
    const migration: MigrationInterface & { name: string } = new Migration();
    if (done.some(({ name }) => name === migration.name)) continue;
    await migration.up(runner);
    const timestamp = Number(migration.name.slice(-13));
    // Both are constants of the program.
    await runner.query(`INSERT INTO ${table} (timestamp, name) VALUES (${timestamp}, '${migration.name}')`);
  }
}

/** As TypeORM makes it, so that its tools understand it. */
function migrationsTable(): Table {
  return new Table({
    name: MIGRATIONS_TABLE,
    columns: [
      { name: 'id', type: 'integer', isGenerated: true, generationStrategy: 'increment', isPrimary: true },
      { name: 'timestamp', type: 'bigint' },
      { name: 'name', type: 'varchar', length: '255' },
    ],
  });
}
