import { mkdir, mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageFullError } from '../../src/index.js';
import { Ballast } from '../../src/repository/typeorm/ballast.js';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import type { SqlConnection } from '../../src/repository/typeorm/sql-connection.js';
import { SqliteDatabase } from '../../src/repository/typeorm/sqlite-database.js';
import { sqliteDialect } from '../../src/repository/typeorm/sqlite-dialect.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { completePartial, finalPlan, HOLDER, newUpload } from './fixtures.js';

const MIB = 1024 * 1024;
const ENDLESS = 1_000_000;

let folder: string;
let path: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-full-'));
  path = join(folder, 'uploads.sqlite');
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await rm(folder, { recursive: true });
});

/** Lets the file grow by no page any more: to SQLite that is a full disk. */
async function fill({ dataSource }: Pick<SqliteDatabase, 'dataSource'>): Promise<void> {
  await dataSource.query('PRAGMA max_page_count = 1');
}

async function empty({ dataSource }: Pick<SqliteDatabase, 'dataSource'>): Promise<void> {
  await dataSource.query(`PRAGMA max_page_count = ${ENDLESS}`);
}

/** A row that needs pages of its own. */
const large = () => newUpload({ metadata: 'x'.repeat(50_000) });

const ballastBytes = () =>
  stat(`${path}-ballast`).then(
    ({ size }) => size,
    () => 0,
  );

describe('a database on a full disk', () => {
  let connection: SqliteConnection;
  let repository: TypeOrmUploadRepository;

  beforeEach(async () => {
    connection = new SqliteConnection({ path });
    await connection.open();
    closing.push(() => connection.close());
    repository = new TypeOrmUploadRepository(connection, 'files');
  });

  it('says so with a StorageFullError (507), reads on, and goes on once there is room', async () => {
    const { id } = await repository.insert(newUpload());
    await fill(connection);
    const upload = large();
    await expect(repository.insert(upload)).rejects.toMatchObject({
      constructor: StorageFullError,
      status: 507,
    });
    expect(await repository.find(upload.id)).toBeUndefined();
    expect(await repository.find(id)).toMatchObject({ id });
    await empty(connection);
    expect(await repository.insert(upload)).toMatchObject({ id: upload.id });
  });

  it('says so of a write under a lease, which stays as it was', async () => {
    const { id, epoch } = await repository.insert(newUpload(), HOLDER);
    await fill(connection);
    const write = repository.write(id, epoch, { reference: 'x'.repeat(50_000) }, true);
    await expect(write).rejects.toThrow(StorageFullError);
    expect(await repository.find(id)).toMatchObject({ epoch, reference: null, leaseHolder: HOLDER });
  });

  it('says so of a transaction, of which nothing stays', async () => {
    const partial = await completePartial(repository);
    await fill(connection);
    const plan = finalPlan([partial], { metadata: 'x'.repeat(50_000) });
    await expect(repository.planFinal(plan)).rejects.toThrow(StorageFullError);
    expect(await repository.find(plan.final.id)).toBeUndefined();
    expect(await repository.find(partial)).toMatchObject({ pins: 0 });
    await empty(connection);
    expect(await repository.planFinal(plan)).toMatchObject({ created: true });
  });

  it('says nothing of the kind for any other fault', async () => {
    await expect(connection.query('SELECT nothing')).rejects.not.toThrow(StorageFullError);
  });
});

describe('the ballast beside a database', () => {
  /** A file that takes up all the room there is: with it goes the limit, at once, as on a real disk. */
  class LastRoom extends Ballast {
    database: SqliteDatabase | undefined;
    private released: Promise<boolean> | undefined;

    override release(): Promise<boolean> {
      this.released ??= this.releaseWithLimit();
      return this.released;
    }

    private async releaseWithLimit(): Promise<boolean> {
      const released = await super.release();
      if (released && this.database) await empty(this.database);
      return released;
    }
  }

  async function openWithLastRoom(): Promise<SqliteDatabase> {
    const ballast = new LastRoom(`${path}-ballast`);
    const database = await SqliteDatabase.open(path, undefined, ballast);
    ballast.database = database;
    closing.push(() => database.close());
    await fill(database);
    return database;
  }

  const repositoryOf = (database: SqliteDatabase) => {
    const connection: SqlConnection = {
      dialect: sqliteDialect,
      query: (sql, parameters) => database.lone((session) => session.query(sql, parameters)),
      change: (sql, parameters) => database.lone((session) => session.change(sql, parameters)),
      changeRow: (change) => database.changeRow(change),
      transaction: (work) => database.transaction(work),
    };
    return new TypeOrmUploadRepository(connection, 'files');
  };

  it('is a mebibyte that no file system can store in less, and stays until it is needed', async () => {
    const database = await SqliteDatabase.open(path);
    expect(await ballastBytes()).toBe(MIB);
    expect(deflateSync(await readFile(`${path}-ballast`)).length).toBeGreaterThanOrEqual(MIB);
    await repositoryOf(database).insert(large());
    await database.close();
    expect(await ballastBytes()).toBe(MIB);
  });

  it('is given up for a statement that finds the disk full, which then succeeds', async () => {
    const database = await openWithLastRoom();
    const upload = large();
    expect(await repositoryOf(database).insert(upload)).toMatchObject({ id: upload.id });
    expect(await ballastBytes()).toBe(0);
  });

  it('is given up for a transaction, which is then done as a whole, once', async () => {
    const database = await openWithLastRoom();
    const repository = repositoryOf(database);
    const partial = await completePartial(repository);
    const plan = finalPlan([partial, partial], { metadata: 'x'.repeat(50_000) });
    expect(await repository.planFinal(plan)).toMatchObject({ created: true });
    expect(await repository.partialsOf(plan.final.id)).toHaveLength(2);
    expect(await repository.find(partial)).toMatchObject({ pins: 1 });
    expect(await ballastBytes()).toBe(0);
  });

  it('serves all statements that found the disk full at the same time', async () => {
    const repository = repositoryOf(await openWithLastRoom());
    const uploads = Array.from({ length: 10 }, large);
    await Promise.all(uploads.map((upload) => repository.insert(upload)));
    for (const { id } of uploads) expect(await repository.find(id)).toMatchObject({ id });
  });

  it('is there once: what finds the disk full after it is refused', async () => {
    const database = await openWithLastRoom();
    const repository = repositoryOf(database);
    await repository.insert(large());
    await fill(database);
    await expect(repository.insert(large())).rejects.toThrow(StorageFullError);
  });

  it('is written anew when the database is opened again', async () => {
    const first = await openWithLastRoom();
    await repositoryOf(first).insert(large());
    await first.close();
    closing.splice(0);
    const second = await SqliteDatabase.open(path);
    closing.push(() => second.close());
    expect(await ballastBytes()).toBe(MIB);
  });

  it('is made whole when a crash has cut it short', async () => {
    await (await SqliteDatabase.open(path)).close();
    await truncate(`${path}-ballast`, 1000);
    const database = await SqliteDatabase.open(path);
    closing.push(() => database.close());
    expect(await ballastBytes()).toBe(MIB);
  });

  it('that cannot be made is no error', async () => {
    await mkdir(`${path}-ballast`);
    const database = await SqliteDatabase.open(path);
    closing.push(() => database.close());
    expect(await database.lone((session) => session.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    await fill(database);
    await expect(repositoryOf(database).insert(large())).rejects.toThrow(StorageFullError);
  });

  it('is given up for a database that cannot be opened, which is then tried again', async () => {
    await (await SqliteDatabase.open(path)).close();
    class Obstacle extends Ballast {
      override async release(): Promise<boolean> {
        const released = await super.release();
        await rm(`${path}-wal`, { recursive: true, force: true });
        return released;
      }
    }
    // SQLite cannot make its log here, as on a disk that is full.
    await mkdir(`${path}-wal`);
    const database = await SqliteDatabase.open(path, undefined, new Obstacle(`${path}-ballast`));
    closing.push(() => database.close());
    expect(await database.lone((session) => session.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    expect(await ballastBytes()).toBe(MIB);
  });

  it('does not exist for a database in memory', async () => {
    const connection = new SqliteConnection({ path: ':memory:', allowMemory: true });
    await connection.open();
    closing.push(() => connection.close());
    await fill(connection);
    const repository = new TypeOrmUploadRepository(connection, 'files');
    await expect(repository.insert(large())).rejects.toThrow(StorageFullError);
    await expect(stat(':memory:-ballast')).rejects.toThrow('ENOENT');
  });
});
