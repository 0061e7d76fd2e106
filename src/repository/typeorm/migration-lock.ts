import type { QueryRunner } from 'typeorm';
import type { Family } from './dialect.js';

/** Keeps others from migrating the same database, until it is released or its connection ends. */
interface MigrationLock {
  take(runner: QueryRunner): Promise<void>;
  release(runner: QueryRunner, done: boolean): Promise<void>;
}

/** Any number will do that no application is likely to use. */
const POSTGRES_LOCK = 7_821_306_517;
/** Seconds that a process waits for another one's migrations. */
const MYSQL_PATIENCE = 60;
/** Names of locks are the server's, of 64 characters at most. */
const MYSQL_LOCK = `CONCAT('nestjs-tus:', SHA1(DATABASE()))`;

/** Changes of tables are part of the transaction, so a crash in the middle leaves nothing behind. */
const postgresLock: MigrationLock = {
  async take(runner) {
    await runner.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    await runner.query(`SELECT pg_advisory_xact_lock(${POSTGRES_LOCK})`);
  },
  async release(runner, done) {
    await runner.query(done ? 'COMMIT' : 'ROLLBACK');
  },
};

/** A transaction would end with the first table that is made. */
const mysqlLock: MigrationLock = {
  async take(runner) {
    const [row] = (await runner.query(`SELECT GET_LOCK(${MYSQL_LOCK}, ${MYSQL_PATIENCE}) AS taken`)) as {
      taken: unknown;
    }[];
    if (Number(row?.taken) !== 1) {
      throw new Error(`Another process has been migrating the uploads for ${MYSQL_PATIENCE} s.`);
    }
  },
  async release(runner) {
    await runner.query(`SELECT RELEASE_LOCK(${MYSQL_LOCK})`);
  },
};

export function migrationLockOf(family: Family): MigrationLock {
  return family === 'postgres' ? postgresLock : mysqlLock;
}
