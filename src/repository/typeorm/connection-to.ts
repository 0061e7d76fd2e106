import type { DataSource } from 'typeorm';
import { DataSourceConnection } from './data-source-connection.js';
import { familyOf } from './database-family.js';
import type { DatabaseConnection } from './sql-connection.js';
import { SqliteConnection } from './sqlite-connection.js';
import type { SqliteDriver } from './sqlite-driver.js';

/** A SQLite file that the module opens itself. */
export interface SqliteFile {
  /** It and its folder are created if need be. A path that is not absolute starts at the working folder. */
  readonly path: string;
  /**
   * The package that opens it. `better-sqlite3` takes less time in all, but each statement holds up the whole process;
   * before version 13 it also aborts the process where it was built for Node 24.19 or later
   * (https://github.com/nodejs/node/issues/65446). TypeORM 1 has no `sqlite3`.
   * @default 'sqlite3' where it is installed, else 'better-sqlite3'
   */
  readonly driver?: SqliteDriver;
}

/**
 * The connection for a database, not opened. Of a `DataSource` for SQLite only the path of its file is taken: TypeORM
 * gives SQLite one connection, on which our statements would end up in transactions of the application.
 * @throws TypeError for a database that uploads cannot be kept in.
 */
export function connectionTo(source: SqliteFile | DataSource): DatabaseConnection {
  if (!isDataSource(source)) return new SqliteConnection(source);
  const { options } = source;
  if (familyOf(options.type) !== 'sqlite') return new DataSourceConnection(source);
  const driver = options.type === 'better-sqlite3' ? 'better-sqlite3' : 'sqlite3';
  return new SqliteConnection({ path: String(options.database), driver });
}

/** Not by its class: the application may have another copy of TypeORM. */
export function isDataSource(value: unknown): value is DataSource {
  const { createQueryRunner, options } = (value ?? {}) as Partial<DataSource>;
  return typeof createQueryRunner === 'function' && typeof options === 'object';
}
