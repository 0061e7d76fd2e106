import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import { sqliteDataSource } from '../../src/repository/typeorm/sqlite-driver.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { newUpload } from './fixtures.js';
import { SQLITE_DRIVERS } from './sqlite-database.js';

/** In milliseconds. Within `better-sqlite3` waiting would stop the process, so it is done outside. */
const BUSY_TIMEOUTS = { sqlite3: 5_000, 'better-sqlite3': 0 };
const CANNOT_OPEN = expect.stringContaining('SQLITE_CANTOPEN');

/** A promise and the hand that resolves it. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  const events = new EventTarget();
  const given = once(events, 'given').then(() => undefined);
  return { given, give: () => void events.dispatchEvent(new Event('given')) };
}

const INSERT_ENTRY = 'INSERT INTO tus_final_partial (final_id, position, partial_id) VALUES (?, ?, ?)';
const ENTRIES = 'SELECT partial_id FROM tus_final_partial ORDER BY position';

describe.each(SQLITE_DRIVERS)('through %s', (driver) => {
  let folder: string;
  let path: string;
  const opened: SqliteConnection[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
    path = join(folder, 'deep', 'er', 'uploads.sqlite');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connection) => connection.close()));
    await rm(folder, { recursive: true });
  });

  async function open(file = path): Promise<SqliteConnection> {
    const connection = new SqliteConnection({ path: file, driver });
    opened.push(connection);
    await connection.open();
    return connection;
  }

  describe('opening a SQLite file', () => {
    it('makes the file and its folder, in WAL mode with a busy timeout', async () => {
      const connection = await open();
      expect((await stat(path)).isFile()).toBe(true);
      expect(await connection.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
      expect(await connection.query('PRAGMA busy_timeout')).toEqual([{ timeout: BUSY_TIMEOUTS[driver] }]);
      expect(await connection.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    });

    it('refuses a database in memory, which no restart survives, unless a test allows it', async () => {
      expect(() => new SqliteConnection({ path: ':memory:' })).toThrow('give the path of a file');
      expect(() => new SqliteConnection({ path: '' })).toThrow(TypeError);
      const connection = new SqliteConnection({ path: ':memory:', driver, allowMemory: true });
      await connection.open();
      expect(await connection.query(ENTRIES)).toEqual([]);
      await connection.close();
    });

    it('keeps what was written for the next process', async () => {
      const first = await open();
      const { id } = await new TypeOrmUploadRepository(first, 'files').insert(newUpload());
      await first.close();
      const second = await open();
      expect(await new TypeOrmUploadRepository(second, 'files').find(id)).toMatchObject({ id });
    });

    it('fails clearly for a path that cannot be a file, and can be tried again', async () => {
      const connection = new SqliteConnection({ path: folder, driver });
      await expect(connection.open()).rejects.toMatchObject({ code: CANNOT_OPEN });
      await expect(connection.open()).rejects.toMatchObject({ code: CANNOT_OPEN });
      await expect(connection.query(ENTRIES)).rejects.toThrow('is not open');
      await connection.close();
    });

    it('happens once, however often and at the same time it is asked for', async () => {
      const connection = new SqliteConnection({ path, driver });
      await Promise.all([connection.open(), connection.open()]);
      await connection.open();
      await Promise.all([connection.close(), connection.close()]);
      await expect(connection.query(ENTRIES)).rejects.toThrow('is not open');
      await connection.open();
      expect(await connection.query(ENTRIES)).toEqual([]);
      await connection.close();
    });

    it('can be given up while it is still going on', async () => {
      const connection = new SqliteConnection({ path, driver });
      const opening = connection.open();
      await connection.close();
      await opening;
      await expect(connection.query(ENTRIES)).rejects.toThrow('is not open');
    });
  });

  describe('several connections to one file in one process', () => {
    it('share it, and it stays open until the last is closed', async () => {
      const [one, other] = await Promise.all([
        open(),
        open(join(folder, 'deep', '.', 'er', 'uploads.sqlite')),
      ]);
      expect(one.dataSource).toBe(other.dataSource);
      await one.close();
      await expect(one.query(ENTRIES)).rejects.toThrow('is not open');
      await other.change(INSERT_ENTRY, ['f', 0, 'p']);
      expect(await other.query(ENTRIES)).toEqual([{ partial_id: 'p' }]);
      await other.close();
      expect(await (await open()).query(ENTRIES)).toEqual([{ partial_id: 'p' }]);
    });

    it('run transactions at once, one after the other', async () => {
      const connections = await Promise.all([open(), open()]);
      const transactions = Array.from({ length: 20 }, (_, n) =>
        connections[n % 2]!.transaction(async (session) => {
          const rows = await session.query(ENTRIES);
          await session.change(INSERT_ENTRY, ['f', rows.length, `p${rows.length}`]);
        }),
      );
      await Promise.all(transactions);
      expect(await connections[0].query(ENTRIES)).toHaveLength(20);
    });
  });

  describe('changes that are made at once', () => {
    it('are all made, each seen once it is said to be, but for those that a constraint refuses', async () => {
      const connection = await open();
      const partials = Array.from({ length: 250 }, (_, n) => `p${n}`);
      const results = await Promise.allSettled(
        partials.map(async (partial, n) => {
          // Every tenth takes the position of the one before it.
          await connection.change(INSERT_ENTRY, ['f', n % 10 === 9 ? n - 1 : n, partial]);
          expect(await connection.query(ENTRIES)).toContainEqual({ partial_id: partial });
        }),
      );
      const refused = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
      expect(refused).toEqual(partials.flatMap((_, n) => (n % 10 === 9 ? [n] : [])));
      expect(await connection.query(ENTRIES)).toHaveLength(225);
    });

    it('are made one by one where something else than a constraint stops one of them', async () => {
      const connection = await open();
      const results = await Promise.allSettled([
        connection.change(INSERT_ENTRY, ['f', 0, 'alone']),
        connection.change(INSERT_ENTRY, ['f', 1, 'before']),
        connection.change('UPDATE nothing SET x = 1'),
        connection.change(INSERT_ENTRY, ['f', 2, 'behind']),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await connection.query(ENTRIES)).toHaveLength(3);
    });
  });

  describe('looks that are taken at once', () => {
    it('hold up one thread of the process, not all that changes and files need too', async () => {
      const connection = await open();
      let running = 0;
      let most = 0;
      const { query } = DataSource.prototype;
      const watched = jest.spyOn(DataSource.prototype, 'query').mockImplementation(async function (
        this: DataSource,
        ...statement: Parameters<typeof query>
      ) {
        most = Math.max(most, ++running);
        try {
          return (await query.apply(this, statement)) as unknown;
        } finally {
          running -= 1;
        }
      });
      try {
        await Promise.all(Array.from({ length: 20 }, () => connection.query(ENTRIES)));
      } finally {
        watched.mockRestore();
      }
      expect(most).toBe(1);
    });
  });

  describe('a transaction', () => {
    it('that throws takes back what it did, and no lone statement with it', async () => {
      const connection = await open();
      const inside = signal();
      const fail = signal();
      const transaction = connection.transaction(async (session) => {
        await session.change(INSERT_ENTRY, ['f', 0, 'rolled back']);
        inside.give();
        await fail.given;
        throw new Error('no');
      });
      await inside.given;
      const lone = connection.change(INSERT_ENTRY, ['f', 1, 'lone']);
      fail.give();
      await expect(transaction).rejects.toThrow('no');
      await lone;
      expect(await connection.query(ENTRIES)).toEqual([{ partial_id: 'lone' }]);
    });

    it('is seen from outside as a whole, and keeps no one from looking', async () => {
      const connection = await open();
      const result = await connection.transaction(async (session) => {
        await session.change(INSERT_ENTRY, ['f', 0, 'a']);
        expect(await connection.query(ENTRIES)).toEqual([]);
        await session.change(INSERT_ENTRY, ['f', 1, 'b']);
        return 'result';
      });
      expect(result).toBe('result');
      expect(await connection.query(ENTRIES)).toEqual([{ partial_id: 'a' }, { partial_id: 'b' }]);
    });

    it('whose statement was refused leaves the connection usable', async () => {
      const connection = await open();
      const twice = connection.transaction(async (session) => {
        await session.change(INSERT_ENTRY, ['f', 0, 'a']);
        await session.change(INSERT_ENTRY, ['f', 0, 'b']);
      });
      await expect(twice).rejects.toThrow('UNIQUE constraint failed');
      await expect(connection.transaction(() => Promise.resolve('fine'))).resolves.toBe('fine');
      expect(await connection.query(ENTRIES)).toEqual([]);
    });

    it('that runs is waited for when the connection is closed', async () => {
      const connection = await open();
      const closing = signal();
      const transaction = connection.transaction(async (session) => {
        await closing.given;
        await session.change(INSERT_ENTRY, ['f', 0, 'a']);
      });
      const closed = connection.close();
      closing.give();
      await Promise.all([transaction, closed]);
      expect(await (await open()).query(ENTRIES)).toEqual([{ partial_id: 'a' }]);
    });
  });

  describe('a file that the application has open too', () => {
    it('is waited for while the application is in a transaction, without stopping the process', async () => {
      const connection = await open();
      const application = await sqliteDataSource(path, driver).initialize();
      await application.query('BEGIN IMMEDIATE');
      const entry = connection.change(INSERT_ENTRY, ['f', 0, 'a']);
      const transaction = connection.transaction((session) => session.change(INSERT_ENTRY, ['f', 1, 'b']));
      await new Promise((resolve) => setImmediate(resolve));
      await application.query('COMMIT');
      expect(await Promise.all([entry, transaction])).toEqual([1, 1]);
      await application.destroy();
    });
  });
});
