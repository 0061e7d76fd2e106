import { DataSource } from 'typeorm';
import { StorageFullError } from '../../model/errors/storage-full.error.js';
import { Ballast } from './ballast.js';
import { finalPartialSchema } from './final-partial.schema.js';
import { CreateUploads1794000000000 } from './migrations/1794000000000-create-uploads.js';
import type { Query, SqlValue } from './sql-connection.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { StatementGate } from './statement-gate.js';
import { uploadSchema } from './upload.schema.js';

/** How long a statement waits for a writer in another process, in milliseconds. */
const BUSY_TIMEOUT = 5_000;

/** One open SQLite file: a single connection of TypeORM with a gate in front of it. */
export class SqliteDatabase {
  private readonly gate = new StatementGate();

  private constructor(
    readonly dataSource: DataSource,
    private readonly ballast: Ballast | undefined,
  ) {}

  /** Opens the file, with its folder if need be, and brings its tables up to date. */
  static async open(path: string, ballast = ballastBeside(path)): Promise<SqliteDatabase> {
    const opened = await SqliteDatabase.openWith(path, ballast).catch(async (error: unknown) => {
      // A full disk shows in many ways when there is no room for the files that SQLite keeps beside the database.
      if (!(await ballast?.release())) throw error;
      return SqliteDatabase.openWith(path, ballast);
    });
    await ballast?.fill();
    return opened;
  }

  query<Row>(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.gate.shared(() => this.withRoom(() => this.run<Row>(sql, parameters)));
  }

  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    return this.gate.exclusive(() => this.withRoom(() => this.transact(work)));
  }

  /** Closes the file once the statements that were handed in are through. */
  close(): Promise<void> {
    return this.gate.exclusive(() => this.dataSource.destroy());
  }

  private static async openWith(path: string, ballast: Ballast | undefined): Promise<SqliteDatabase> {
    const dataSource = new DataSource({
      type: 'sqlite',
      database: path,
      enableWAL: true,
      busyTimeout: BUSY_TIMEOUT,
      entities: [uploadSchema, finalPartialSchema],
      migrations: [CreateUploads1794000000000],
      migrationsTableName: 'tus_migrations',
      migrationsRun: false,
      synchronize: false,
      logging: false,
    });
    await dataSource.initialize();
    const database = new SqliteDatabase(dataSource, ballast);
    try {
      // With NORMAL a power loss may take back the last commits, and with them what a client or a hook was told.
      await database.query('PRAGMA synchronous = FULL', []);
      // Under the write lock, so that of several processes that start at once one migrates and the others find it done.
      await database.transaction(() => dataSource.runMigrations({ transaction: 'none' }));
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
    return database;
  }

  /**
   * Does it once more, without the ballast, where the disk is full. Another statement may have given the ballast up
   * meanwhile, so it is tried again in any case.
   */
  private async withRoom<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!sqliteDialect.isFull(error)) throw error;
    }
    await this.ballast?.release();
    try {
      return await work();
    } catch (error) {
      throw sqliteDialect.isFull(error) ? new StorageFullError({ cause: error }) : error;
    }
  }

  private async transact<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    await this.run('BEGIN IMMEDIATE', []);
    try {
      const result = await work((sql, parameters = []) => this.run(sql, parameters));
      await this.run('COMMIT', []);
      return result;
    } catch (error) {
      // SQLite may have rolled back on its own account; then there is nothing left to roll back.
      await this.run('ROLLBACK', []).catch(() => undefined);
      throw error;
    }
  }

  private run<Row>(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, [...parameters]);
  }
}

/** A database in memory has no disk that could be full. */
function ballastBeside(path: string): Ballast | undefined {
  return path === ':memory:' ? undefined : new Ballast(`${path}-ballast`);
}
