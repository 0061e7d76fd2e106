import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { connectionTo, isDataSource } from '../../src/repository/typeorm/connection-to.js';
import { familyOf } from '../../src/repository/typeorm/database-family.js';
import { DataSourceConnection } from '../../src/repository/typeorm/data-source-connection.js';
import { problemOf } from '../../src/repository/typeorm/mysql-server.js';
import { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import { sqliteDataSource } from '../../src/repository/typeorm/sqlite-driver.js';
import { SQLITE_DRIVERS } from './sqlite-database.js';

describe('the connection for a database', () => {
  it.each(SQLITE_DRIVERS)(
    'is our own for a SQLite DataSource through %s, of which the path is taken',
    async (driver) => {
      const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
      const path = join(folder, 'application.sqlite');
      const application = sqliteDataSource(path, driver);
      const connection = connectionTo(application);
      expect(connection).toBeInstanceOf(SqliteConnection);
      await connection.open();
      expect((await stat(path)).isFile()).toBe(true);
      expect((connection as SqliteConnection).dataSource.options.type).toBe(application.options.type);
      expect(application.isInitialized).toBe(false);
      await connection.close();
      await rm(folder, { recursive: true });
    },
  );

  it('refuses a DataSource whose SQLite database is in memory', () => {
    expect(() => connectionTo(sqliteDataSource(':memory:', 'sqlite3'))).toThrow('must outlive a restart');
  });

  it.each(['postgres', 'mysql', 'mariadb'] as const)('is the pool of the DataSource for %s', (type) => {
    expect(connectionTo(new DataSource({ type }))).toBeInstanceOf(DataSourceConnection);
  });

  it('names the databases that there are for any other', () => {
    expect(() => familyOf('mssql')).toThrow('postgres, mysql, mariadb');
  });

  it('knows a DataSource by what it does', () => {
    expect(isDataSource(new DataSource({ type: 'postgres' }))).toBe(true);
    for (const value of [undefined, null, 'x', {}, { path: 'a' }]) expect(isDataSource(value)).toBe(false);
  });
});

describe('the driver for a SQLite file', () => {
  const missing =
    (...types: string[]) =>
    (options: DataSourceOptions): DataSource => {
      if (types.includes(options.type))
        throw new Error(`${options.type} package has not been found installed.`);
      return new DataSource(options);
    };

  it('is sqlite3 where it is installed, else better-sqlite3', () => {
    expect(sqliteDataSource('a.sqlite').options.type).toBe('sqlite');
    expect(sqliteDataSource('a.sqlite', undefined, missing('sqlite')).options.type).toBe('better-sqlite3');
  });

  it('is the one that is asked for, or none', () => {
    expect(sqliteDataSource('a.sqlite', 'sqlite3').options.type).toBe('sqlite');
    expect(() => sqliteDataSource('a.sqlite', 'sqlite3', missing('sqlite'))).toThrow('npm install sqlite3');
  });

  it('is named with the way to get it where there is none', () => {
    const make = missing('sqlite', 'better-sqlite3');
    expect(() => sqliteDataSource('a.sqlite', undefined, make)).toThrow('npm install sqlite3');
  });
});

describe('a server of MySQL or MariaDB', () => {
  it.each([
    ['8.0.36', 'STRICT_TRANS_TABLES'],
    ['8.4.2-commercial', ''],
    ['10.6.0-MariaDB', ''],
    ['10.11.6-MariaDB-0+deb12u1', 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'],
    ['11.4.2-MariaDB', ''],
  ])('of version %s will do', (version, mode) => {
    expect(problemOf(version, mode)).toBeUndefined();
  });

  it.each([
    ['5.7.44', 'MySQL 8.0 or later'],
    ['10.5.26-MariaDB', 'MariaDB 10.6 or later'],
  ])('of version %s is too old', (version, problem) => {
    expect(problemOf(version, '')).toContain(problem);
  });

  it('on which values cannot be escaped is refused', () => {
    expect(problemOf('8.0.36', 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES')).toContain('sql_mode');
  });
});
