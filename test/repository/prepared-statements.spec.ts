import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { sqliteDataSource } from '../../src/repository/typeorm/sqlite-driver.js';
import { memoryFolder } from '../support/memory-folder.js';

describe('statements of sqlite3 that stay prepared', () => {
  let folder: string;
  let source: DataSource;

  beforeEach(async () => {
    folder = await memoryFolder('nestjs-tus-prepared-');
    source = sqliteDataSource(join(folder, 'a.sqlite'), 'sqlite3');
    await source.initialize();
    await source.query('CREATE TABLE thing (id TEXT PRIMARY KEY, size INTEGER)');
  });
  afterEach(async () => {
    if (source.isInitialized) await source.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const insert = (id: string) =>
    source.query('WITH one(x) AS (SELECT 1) INSERT INTO thing VALUES (?, 1) RETURNING id', [id]);

  it('give each call the rows of its own parameters, also when calls wait for each other', async () => {
    const ids = Array.from({ length: 50 }, (_, n) => `id-${n}`);
    expect(await Promise.all(ids.map(insert))).toEqual(ids.map((id) => [{ id }]));
    const look = (id: string) => source.query('SELECT id FROM thing WHERE id = ?', [id]);
    expect(await Promise.all(ids.map(look))).toEqual(ids.map((id) => [{ id }]));
  });

  it('serve the next call after a constraint has refused one', async () => {
    await insert('a');
    await expect(insert('a')).rejects.toThrow('UNIQUE constraint failed');
    expect(await insert('b')).toEqual([{ id: 'b' }]);
  });

  it('serve in transactions that are rolled back and begun again', async () => {
    for (const end of ['ROLLBACK', 'COMMIT', 'ROLLBACK']) {
      await source.query('BEGIN IMMEDIATE');
      await insert(`in ${end} ${await source.query('SELECT count(*) AS n FROM thing').then(JSON.stringify)}`);
      await source.query(end);
    }
    expect(await source.query('SELECT count(*) AS n FROM thing')).toEqual([{ n: 1 }]);
  });

  it('tell why they cannot be prepared, each time, and are prepared once they can be', async () => {
    const sql = 'SELECT id FROM later';
    for (let time = 0; time < 2; time++) {
      await expect(source.query(sql)).rejects.toThrow('no such table: later');
    }
    await source.query('CREATE TABLE later (id TEXT)');
    expect(await source.query(sql)).toEqual([]);
  });

  it('tell it to each of the calls that wait for the same one', async () => {
    const calls = Array.from({ length: 3 }, () => source.query('SELECT id FROM later'));
    const reasons = (await Promise.allSettled(calls)).map(
      (result) => result.status === 'rejected' && String(result.reason),
    );
    expect(reasons).toEqual(Array(3).fill('QueryFailedError: SQLITE_ERROR: no such table: later'));
  });

  it('see a table that was changed meanwhile', async () => {
    await insert('a');
    expect(await source.query('SELECT * FROM thing')).toEqual([{ id: 'a', size: 1 }]);
    await source.query(`ALTER TABLE thing ADD COLUMN colour TEXT DEFAULT 'red'`);
    expect(await source.query('SELECT * FROM thing')).toEqual([{ id: 'a', size: 1, colour: 'red' }]);
  });

  it('are let go where there are too many different ones, and before the file is closed', async () => {
    for (let n = 0; n < 500; n++) expect(await source.query(`SELECT ${n} AS n`)).toEqual([{ n }]);
    expect(await source.query('SELECT 0 AS n')).toEqual([{ n: 0 }]);
    await source.destroy();
    await source.initialize();
    expect(await source.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});
