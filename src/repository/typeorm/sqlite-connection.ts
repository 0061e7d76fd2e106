import { resolve } from 'node:path';
import type { DataSource } from 'typeorm';
import type { UploadRecord } from '../upload-record.js';
import type { DatabaseConnection, RowChange, SqlSession, SqlValue } from './sql-connection.js';
import { SqliteDatabase } from './sqlite-database.js';
import { sqliteDialect } from './sqlite-dialect.js';
import type { SqliteDriver } from './sqlite-driver.js';

interface SharedDatabase {
  readonly opening: Promise<SqliteDatabase>;
  users: number;
}

/** The files that this process has open; registrations that name the same file share its connection. */
const openFiles = new Map<string, SharedDatabase>();

export interface SqliteConnectionDeps {
  /** The file of the database. It and its folder are created if need be. */
  readonly path: string;
  /** The package that opens it. Default: `sqlite3` where it is installed, else `better-sqlite3`. */
  readonly driver?: SqliteDriver;
  /** @internal Allows `:memory:`, which no restart survives. Default: false. */
  readonly allowMemory?: boolean;
}

/** The module's own connection to a SQLite file, apart from any that the application has. */
export class SqliteConnection implements DatabaseConnection {
  readonly dialect = sqliteDialect;
  private readonly file: string;
  private readonly driver: SqliteDriver | undefined;
  private opening: Promise<SqliteDatabase> | undefined;
  private database: SqliteDatabase | undefined;

  /** @throws TypeError if the path names no file. */
  constructor(deps: SqliteConnectionDeps) {
    if (deps.path === ':memory:' && !deps.allowMemory) {
      throw new TypeError(
        'The uploads must outlive a restart: give the path of a file instead of ":memory:".',
      );
    }
    if (deps.path === '') throw new TypeError('The path of the SQLite file is empty.');
    this.driver = deps.driver;
    this.file = deps.path === ':memory:' ? deps.path : resolve(deps.path);
  }

  async open(): Promise<void> {
    const opening = (this.opening ??= share(this.file, this.driver));
    try {
      const database = await opening;
      // Unless it was closed meanwhile.
      if (this.opening === opening) this.database = database;
    } catch (error) {
      if (this.opening === opening) this.opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const opening = this.opening;
    this.opening = undefined;
    this.database = undefined;
    const database = await opening?.catch(() => undefined);
    if (database) await leave(this.file, database);
  }

  async query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    const database = this.opened();
    return sql.startsWith('SELECT')
      ? database.read<Row>(sql, parameters)
      : database.lone((session) => session.query<Row>(sql, parameters));
  }

  async change(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return this.opened().lone((session) => session.change(sql, parameters));
  }

  async changeRow(change: RowChange): Promise<UploadRecord | undefined> {
    return this.opened().changeRow(change);
  }

  async transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.opened().transaction(work);
  }

  /** @internal What TypeORM's own tools work on. */
  get dataSource(): DataSource {
    return this.opened().dataSource;
  }

  /** @internal What SELECTs go through. */
  get reader(): DataSource {
    return this.opened().reader;
  }

  private opened(): SqliteDatabase {
    if (!this.database) throw new Error(`The database ${this.file} is not open.`);
    return this.database;
  }
}

async function share(file: string, driver?: SqliteDriver): Promise<SqliteDatabase> {
  if (file === ':memory:') return SqliteDatabase.open(file, driver);
  const shared = openFiles.get(file) ?? { opening: SqliteDatabase.open(file, driver), users: 0 };
  openFiles.set(file, shared);
  shared.users += 1;
  try {
    return await shared.opening;
  } catch (error) {
    if (openFiles.get(file) === shared) openFiles.delete(file);
    throw error;
  }
}

async function leave(file: string, database: SqliteDatabase): Promise<void> {
  const shared = openFiles.get(file);
  if (shared && (await shared.opening) === database) {
    shared.users -= 1;
    if (shared.users > 0) return;
    openFiles.delete(file);
  }
  await database.close();
}
