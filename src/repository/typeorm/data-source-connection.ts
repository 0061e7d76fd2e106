import type { DataSource, QueryRunner } from 'typeorm';
import type { UploadRecord } from '../upload-record.js';
import { migrate } from './migrations.js';
import { migrationLockOf } from './migration-lock.js';
import { mysqlDialect } from './mysql-dialect.js';
import { checkMysql } from './mysql-server.js';
import { postgresDialect } from './postgres-dialect.js';
import { repeated } from './repeated.js';
import { changeRow } from './change-rows.js';
import type { DatabaseConnection, RowChange, SqlSession, SqlValue } from './sql-connection.js';
import { RunnerSession } from './runner-session.js';
import type { ServerDialect } from './server-dialect.js';

/**
 * PostgreSQL, MySQL or MariaDB through the pool of the application's `DataSource`. Each statement and transaction has
 * a runner of its own, so that it is never part of a transaction of the application. The `DataSource` stays the
 * application's: it is neither initialised nor destroyed here.
 */
export class DataSourceConnection implements DatabaseConnection {
  readonly dialect: ServerDialect;
  private opening: Promise<void> | undefined;
  private readonly running = new Set<Promise<unknown>>();
  private closed = false;

  constructor(private readonly dataSource: DataSource) {
    const { options } = dataSource;
    this.dialect = options.type === 'postgres' ? postgresDialect(options.schema) : mysqlDialect;
  }

  async open(): Promise<void> {
    this.closed = false;
    this.opening ??= this.prepare().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    await this.opening;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.opening = undefined;
    await Promise.allSettled(this.running);
  }

  query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.with((session) => session.query<Row>(sql, parameters));
  }

  change(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return this.with((session) => session.change(sql, parameters));
  }

  changeRow(change: RowChange): Promise<UploadRecord | undefined> {
    const { beginAlone } = this.dialect;
    const work = (session: SqlSession) => changeRow(session, change);
    return beginAlone.length > 0 ? this.within(beginAlone, work) : this.with(work);
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.within(this.dialect.begin, work);
  }

  private within<Result>(
    begin: readonly string[],
    work: (session: SqlSession) => Promise<Result>,
  ): Promise<Result> {
    return this.with(async (session) => {
      for (const statement of begin) await session.change(statement);
      try {
        const result = await work(session);
        await session.change('COMMIT');
        return result;
      } catch (error) {
        // Where the connection is lost, the server has rolled back, and the pool drops it.
        await session.change('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Does the work on a connection of the pool that nobody else uses meanwhile. */
  private async with<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    if (this.closed || !this.dataSource.isInitialized) {
      throw new Error('The database of the uploads is not open.');
    }
    const running = repeated(() => this.withRunner(work), this.dialect.isTransient);
    this.running.add(running);
    try {
      return await running;
    } finally {
      this.running.delete(running);
    }
  }

  private async withRunner<Result>(work: (session: RunnerSession) => Promise<Result>): Promise<Result> {
    // Of the master: a replica would answer with rows of a moment ago.
    const runner = this.dataSource.createQueryRunner('master');
    try {
      return await work(new RunnerSession(runner, this.dialect));
    } finally {
      await runner.release();
    }
  }

  private async prepare(): Promise<void> {
    if (!this.dataSource.isInitialized) {
      throw new Error('The DataSource for the uploads is not initialised: call initialize() first.');
    }
    await this.withRunner(async ({ runner }) => {
      if (this.dialect.family === 'mysql') await checkMysql(runner);
      await this.migrateAlone(runner);
    });
  }

  /** Of many processes that start at once, one migrates, and the others wait for it and find it done. */
  private async migrateAlone(runner: QueryRunner): Promise<void> {
    const lock = migrationLockOf(this.dialect.family);
    await lock.take(runner);
    try {
      await migrate(runner, this.dialect.dress);
    } catch (error) {
      await lock.release(runner, false).catch(() => undefined);
      throw error;
    }
    await lock.release(runner, true);
  }
}
