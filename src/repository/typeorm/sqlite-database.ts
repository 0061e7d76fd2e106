import { setImmediate } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { StorageFullError } from '../../model/errors/storage-full.error.js';
import { Ballast } from './ballast.js';
import { repeated } from './repeated.js';
import type { SqlSession, SqlValue } from './sql-connection.js';
import { isFull, sqliteDialect } from './sqlite-dialect.js';
import { type SqliteDriver, isSynchronous, sqliteDataSource } from './sqlite-driver.js';
import { StatementGate } from './statement-gate.js';

/** One open SQLite file: a single connection of TypeORM with a gate in front of it. */
export class SqliteDatabase {
  private readonly gate = new StatementGate();
  private readonly session: SqlSession = {
    dialect: sqliteDialect,
    query: (sql, parameters = []) => this.run(answering(sql), parameters),
    change: async (sql, parameters = []) =>
      (await this.run(answering(`${sql} RETURNING 1`), parameters)).length,
  };

  private constructor(
    readonly dataSource: DataSource,
    private readonly ballast: Ballast | undefined,
  ) {}

  /** Opens the file, with its folder if need be, and brings its tables up to date. */
  static async open(
    path: string,
    driver?: SqliteDriver,
    ballast = ballastBeside(path),
  ): Promise<SqliteDatabase> {
    const opened = await SqliteDatabase.openWith(path, { driver, ballast }).catch(async (error: unknown) => {
      // A full disk shows in many ways when there is no room for the files that SQLite keeps beside the database.
      if (!(await ballast?.release())) throw error;
      return SqliteDatabase.openWith(path, { driver, ballast });
    });
    await ballast?.fill();
    return opened;
  }

  private static async openWith(
    path: string,
    { driver, ballast }: { driver: SqliteDriver | undefined; ballast: Ballast | undefined },
  ): Promise<SqliteDatabase> {
    const dataSource = sqliteDataSource(path, driver);
    await dataSource.initialize();
    const database = new SqliteDatabase(dataSource, ballast);
    try {
      // With NORMAL a power loss may take back the last commits, and with them what a client or a hook was told.
      await database.lone((session) => session.query('PRAGMA synchronous = FULL'));
      // The pauses between tries leave the process free, where waiting inside the driver would stop it.
      if (isSynchronous(dataSource))
        await database.lone((session) => session.query('PRAGMA busy_timeout = 0'));
      // Under the write lock, so that of several processes that start at once one migrates and the others find it done.
      await database.transaction(() => dataSource.runMigrations({ transaction: 'none' }));
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
    return database;
  }

  /** A statement that commits by itself. */
  lone<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    const patient = () => this.withRoom(() => repeated(() => work(this.session), sqliteDialect.isTransient));
    if (!isSynchronous(this.dataSource)) return this.gate.shared(patient);
    // Each commit stops the process until it is on the disk: between two of them others have their turn.
    return this.gate.exclusive(() => patient().finally(() => setImmediate()));
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.gate.exclusive(() => this.withRoom(() => this.transact(work)));
  }

  /** Closes the file once the statements that were handed in are through. */
  close(): Promise<void> {
    return this.gate.exclusive(() => this.dataSource.destroy());
  }

  private async transact<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    await repeated(() => this.run('BEGIN IMMEDIATE', []), sqliteDialect.isTransient);
    try {
      const result = await work(this.session);
      await this.run('COMMIT', []);
      return result;
    } catch (error) {
      // SQLite may have rolled back on its own account; then there is nothing left to roll back.
      await this.run('ROLLBACK', []).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Does it once more, without the ballast, where the disk is full. Another statement may have given the ballast up
   * meanwhile, so it is tried again in any case.
   */
  private async withRoom<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    await this.ballast?.release();
    try {
      return await work();
    } catch (error) {
      throw isFull(error) ? new StorageFullError({ cause: error }) : error;
    }
  }

  private run<Row>(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, [...parameters]);
  }
}

/**
 * TypeORM looks at the first word: what begins with INSERT, UPDATE or DELETE goes to `run()` of the driver, which drops
 * rows that are returned and tells a wrong number.
 */
function answering(sql: string): string {
  return /^(INSERT|UPDATE|DELETE)/.test(sql) ? `WITH one(x) AS (SELECT 1) ${sql}` : sql;
}

/** A database in memory has no disk that could be full. */
function ballastBeside(path: string): Ballast | undefined {
  return path === ':memory:' ? undefined : new Ballast(`${path}-ballast`);
}
