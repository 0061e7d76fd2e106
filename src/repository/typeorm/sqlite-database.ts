import type { DataSource } from 'typeorm';
import { StorageFullError } from '../../model/errors/storage-full.error.js';
import type { UploadRecord } from '../upload-record.js';
import { Ballast } from './ballast.js';
import { CommitQueue } from './commit-queue.js';
import type { Work } from './commit-queue.js';
import { repeated } from './repeated.js';
import { changeRow, changeRows } from './change-rows.js';
import type { RowChange, SqlSession, SqlValue } from './sql-connection.js';
import { rejected, settleStep, sharedSteps } from './shared-steps.js';
import type { Results, Step } from './shared-steps.js';
import { isFull, isWithoutTransaction, sqliteDialect } from './sqlite-dialect.js';
import { type SqliteDriver, isSynchronous, sqliteDataSource } from './sqlite-driver.js';

/**
 * One open SQLite file. What writes goes through one connection, in an order; what only reads has another, and waits
 * for no commit.
 */
export class SqliteDatabase {
  private readonly queue = new CommitQueue((works) => this.together(works));
  /** One at a time: many would wait for the connection in the threads that writes and files need. */
  private readonly reads = new CommitQueue((works) =>
    each(works, ({ run }) => repeated(run, sqliteDialect.isTransient)),
  );
  /** Whether a transaction may be open still: what came after it would be told done, and never be committed. */
  private begun = false;
  private readonly session: SqlSession = {
    dialect: sqliteDialect,
    query: (sql, parameters = []) => this.run(answering(sql), parameters),
    change: async (sql, parameters = []) =>
      (await this.run(answering(`${sql} RETURNING 1`), parameters)).length,
  };

  private constructor(
    readonly dataSource: DataSource,
    readonly reader: DataSource,
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
    // A database in memory belongs to its connection.
    const reader = path === ':memory:' ? dataSource : sqliteDataSource(path, driver);
    const database = new SqliteDatabase(dataSource, reader, ballast);
    try {
      // With NORMAL a power loss may take back the last commits, and with them what a client or a hook was told.
      await database.lone((session) => session.query('PRAGMA synchronous = FULL'));
      // The pauses between tries leave the process free, where waiting inside the driver would stop it.
      if (isSynchronous(dataSource))
        await database.lone((session) => session.query('PRAGMA busy_timeout = 0'));
      // Under the write lock, so that of several processes that start at once one migrates and the others find it done.
      await database.transaction(() => dataSource.runMigrations({ transaction: 'none' }));
      if (reader !== dataSource) await reader.initialize();
      if (isSynchronous(reader)) await reader.query('PRAGMA busy_timeout = 0');
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
    return database;
  }

  /** A SELECT, of what is committed by now. */
  read<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.reads.shared(() => this.reader.query<Row[]>(sql, [...parameters]));
  }

  /** A change that depends on no other; it may be committed together with such changes of others. */
  lone<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.queue.shared(() => work(this.session));
  }

  /** A lone change of one row. */
  changeRow(change: RowChange): Promise<UploadRecord | undefined> {
    return this.queue.shared(() => changeRow(this.session, change), change);
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.queue.exclusive(() => this.withRoom(() => this.transact(work)));
  }

  /** Closes the file once the statements that were handed in are through. */
  close(): Promise<void> {
    return this.queue.exclusive(async () => {
      await this.reads.exclusive(async () => {
        if (this.reader !== this.dataSource) await this.reader.destroy();
      });
      await this.dataSource.destroy();
    });
  }

  private async together(works: readonly Work[]): Promise<PromiseSettledResult<unknown>[]> {
    const steps = sharedSteps(works);
    const results = (steps.length > 1 && (await this.inOneCommit(steps))) || (await this.oneByOne(steps));
    return works.map(
      (work) => results.get(work) ?? rejected(new Error('A change was left out of its commit.')),
    );
  }

  /**
   * Undefined if nothing of it stayed, for another reason than one of the works. A crash before the commit leaves
   * nothing of any of them; nobody was told before it.
   */
  private async inOneCommit(steps: readonly Step[]): Promise<Results | undefined> {
    const works = steps.flat();
    const results: Results = new Map();
    try {
      return await this.transact(async () => {
        for (const step of steps) await settleStep(step, results, (part) => this.perform(part));
        return results;
      });
    } catch (error) {
      // Of a commit that failed the answer may be lost: done again, works would find what they made, and take it for
      // somebody else's. So each is told, and looks for itself. A full disk has committed nothing.
      const perhaps = results.size === works.length && !isFull(error);
      // Whoever has the file locked would let each of them wait as long again.
      if (!perhaps && !sqliteDialect.isTransient(error)) return undefined;
      return new Map(works.map((work) => [work, refusal(results.get(work)) ?? rejected(error)]));
    }
  }

  private async oneByOne(steps: readonly Step[]): Promise<Results> {
    const results: Results = new Map();
    const commit = (step: Step) =>
      this.withRoom(() => repeated(() => this.outside(() => this.perform(step)), sqliteDialect.isTransient));
    for (const step of steps) {
      await settleStep(step, results, commit).catch((error: unknown) => {
        for (const work of step) if (!results.has(work)) results.set(work, rejected(error));
      });
    }
    return results;
  }

  /** What each work of the step resolves with. */
  private async perform(step: Step): Promise<readonly unknown[]> {
    if (step.length === 1) return Promise.all(step.map(({ run }) => run()));
    const changes = step.flatMap(({ change }) => change ?? []);
    const rows = await changeRows(this.session, changes);
    return changes.map(({ id }) => rows.get(id));
  }

  private async transact<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    await this.rollBack();
    this.begun = true;
    try {
      // Rolled back too where it has begun and its answer was lost: it would lock the database for good.
      await repeated(() => this.run('BEGIN IMMEDIATE', []), sqliteDialect.isTransient);
      const result = await work(this.session);
      await this.run('COMMIT', []);
      this.begun = false;
      return result;
    } catch (error) {
      await this.rollBack().catch(() => undefined);
      throw error;
    }
  }

  /** Runs work that commits by itself, which it does outside a transaction only. */
  private async outside<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.rollBack();
    return work();
  }

  /** Ends a transaction that was not committed. While it throws, nothing else may be done. */
  private async rollBack(): Promise<void> {
    if (!this.begun) return;
    await this.run('ROLLBACK', []).catch((error: unknown) => {
      // SQLite may have rolled back on its own account; then there is nothing left to roll back.
      if (!isWithoutTransaction(error)) throw error;
    });
    this.begun = false;
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

/** Does one after the other, and tells of each how it ended. */
async function each(
  works: readonly Work[],
  act: (work: Work) => Promise<unknown>,
): Promise<PromiseSettledResult<unknown>[]> {
  const results: PromiseSettledResult<unknown>[] = [];
  for (const work of works) results.push(...(await Promise.allSettled([act(work)])));
  return results;
}

/** A work that a constraint refused has changed nothing, whatever became of the commit. */
function refusal(result: PromiseSettledResult<unknown> | undefined): PromiseRejectedResult | undefined {
  return result?.status === 'rejected' ? result : undefined;
}
