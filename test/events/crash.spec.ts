import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import sqlite3 from 'sqlite3';
import { fileSays } from '../support/files.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { ServerProcess } from '../support/server-process.js';

describe('a process that dies between the last byte and the end of OnUploadComplete (promise 5)', () => {
  let directory: string;
  let journal: string;
  let server: ServerProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-events-'));
    journal = join(directory, 'completed.txt');
    await writeFile(journal, '');
    server = await ServerProcess.start({ directory, completed: journal, hook: 'hangs' });
  });
  afterEach(async () => {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });

  /** The next process, once the claim of the dead one has run out. */
  async function restart(hook?: 'hangs'): Promise<void> {
    await server.kill();
    await lapseClaims(join(directory, '.tus', 'uploads.sqlite'));
    server = await ServerProcess.start({ directory, completed: journal, ...(hook && { hook }) });
  }

  it('has the event delivered by the next process, at its start', async () => {
    const url = await create(server.endpoint, { 'upload-length': '5' });
    expect((await patch(url, 0, 'hello')).status).toBe(204);
    await calls(1);
    await restart('hangs');
    await calls(2);
    await restart();
    await calls(3);
    const id = url.split('/').at(-1);
    expect((await readFile(journal, 'utf8')).trim().split('\n')).toEqual([id, id, id]);
    await pending(join(directory, '.tus', 'uploads.sqlite'), 0);
  });

  it('has it delivered although the upload was deleted', async () => {
    const url = await create(server.endpoint, { 'upload-length': '0' });
    await calls(1);
    expect((await call({ method: 'DELETE', url, headers: tus() })).status).toBe(204);
    await restart();
    await calls(2);
    expect((await head(`${server.endpoint}/${url.split('/').at(-1)}`)).status).toBe(404);
  });

  /** Resolves when the hook was called so often. */
  async function calls(count: number): Promise<void> {
    await fileSays(journal, (text) => text.split('\n').length > count);
  }
});

/** What five seconds would do. */
async function lapseClaims(file: string): Promise<void> {
  await query(file, 'UPDATE tus_upload SET delivery_until = 0 WHERE delivery IS NOT NULL');
}

/** Resolves when so many events wait. */
async function pending(file: string, count: number): Promise<void> {
  const sql = 'SELECT id FROM tus_upload WHERE delivery IS NOT NULL';
  while ((await query(file, sql)).length !== count);
}

function query(file: string, sql: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file, sqlite3.OPEN_READWRITE);
    database.all(sql, (failure, rows) => {
      database.close(() => (failure ? reject(failure) : resolve(rows)));
    });
  });
}
