import { createRequire } from 'node:module';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { deliverySchema } from './delivery.schema.js';
import { finalPartialSchema } from './final-partial.schema.js';
import { partSchema } from './part.schema.js';
import { MIGRATIONS, MIGRATIONS_TABLE } from './migrations.js';
import { preparing } from './prepared-statements.js';
import type { SqliteDatabaseClass } from './prepared-statements.js';
import { uploadSchema } from './upload.schema.js';

/** The packages of npm through which TypeORM opens a SQLite file. TypeORM 1 knows the second only. */
export type SqliteDriver = 'sqlite3' | 'better-sqlite3';

/** better-sqlite3 takes less time in all, but each statement holds up the whole process: it has to be asked for. */
const DRIVERS: readonly SqliteDriver[] = ['sqlite3', 'better-sqlite3'];

/** How long a statement waits for a writer in another process, in milliseconds. */
const BUSY_TIMEOUT = 5_000;

const COMMON = {
  entities: [uploadSchema, finalPartialSchema, partSchema, deliverySchema].map((schema) => schema('sqlite')),
  migrations: MIGRATIONS,
  migrationsTableName: MIGRATIONS_TABLE,
  migrationsRun: false,
  synchronize: false,
  logging: false,
  enableWAL: true,
};

/**
 * A connection to a SQLite file, not initialised. Without a driver that is asked for, the first that is installed is
 * taken.
 * @throws Error with the install hint if there is none.
 */
export function sqliteDataSource(
  path: string,
  driver?: SqliteDriver,
  make: (options: DataSourceOptions) => DataSource = (options) => new DataSource(options),
): DataSource {
  const failures: unknown[] = [];
  for (const candidate of driver ? [driver] : DRIVERS) {
    try {
      return make(optionsOf(path, candidate));
    } catch (error) {
      // TypeORM loads the package here, before it looks at the file.
      failures.push(error);
    }
  }
  const wanted = driver ?? 'sqlite3';
  const instead = driver === 'sqlite3' ? ' (TypeORM 1 works with better-sqlite3 only)' : '';
  throw new Error(`SQLite needs a package that TypeORM could not load: npm install ${wanted}${instead}`, {
    cause: failures[0],
  });
}

/** True if waiting for another process's lock would keep the whole process from doing anything else. */
export function isSynchronous(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}

function optionsOf(path: string, driver: SqliteDriver): DataSourceOptions {
  return driver === 'sqlite3'
    ? { ...COMMON, type: 'sqlite', database: path, busyTimeout: BUSY_TIMEOUT, driver: withoutTraces() }
    : { ...COMMON, type: 'better-sqlite3', database: path, timeout: BUSY_TIMEOUT };
}

/**
 * TypeORM asks sqlite3 to be verbose, which makes a stack trace for every call of the whole process.
 * Undefined where only TypeORM finds the package.
 */
function withoutTraces(): object | undefined {
  try {
    const sqlite3 = createRequire(import.meta.url)('sqlite3') as {
      readonly Database: SqliteDatabaseClass;
    };
    const faster: object = Object.create(sqlite3, {
      verbose: { value: () => faster },
      Database: { value: preparing(sqlite3.Database) },
    });
    return faster;
  } catch {
    return undefined;
  }
}
