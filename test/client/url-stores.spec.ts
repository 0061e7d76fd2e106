import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { FileUrlStore, MemoryUrlStore } from '../../src/client/index.js';
import { MARIADB, startMariadb } from '../support/services/mariadb.js';
import { POSTGRES, startPostgres } from '../support/services/postgres.js';
import type { RunningServer } from '../support/services/server-process.js';
import { withService } from '../support/services/with-service.js';
import { ClientFolder } from './client-folder.js';
import { dataSourceCases, recordOf, urlStoreCases } from './url-store-cases.js';

let folder: ClientFolder;
const opened: DataSource[] = [];
const memory = new MemoryUrlStore();

beforeAll(async () => {
  folder = await ClientFolder.make();
});
afterAll(() => folder.remove());

urlStoreCases('in memory', async () => memory);
urlStoreCases('of files', async () => new FileUrlStore(folder.at('a/b')));

describe('with SQLite', () => {
  afterAll(closeAll);
  const database = () => folder.at('client.sqlite');
  dataSourceCases('in SQLite', () => open({ type: 'sqlite', database: database(), busyTimeout: 10_000 }));
});

withService(POSTGRES, () => {
  describe('with PostgreSQL', () => {
    let server: Awaited<ReturnType<typeof startPostgres>>;
    servedBy(async () => (server = await startPostgres()));
    dataSourceCases('in PostgreSQL', () => open(server.address));
  });
});

withService(MARIADB, () => {
  describe('with MariaDB', () => {
    let server: Awaited<ReturnType<typeof startMariadb>>;
    servedBy(async () => (server = await startMariadb()));
    dataSourceCases('in MariaDB', () => open(server.address));
  });
});

it('A folder of URLs is for its owner alone, and half a record that a crash left counts as none', async () => {
  const store = new FileUrlStore(folder.at('urls'));
  const record = recordOf('a1');
  await store.save(record);
  await writeFile(folder.at(`urls/a1.${record.id}.json.77.draft`), '{"id":');
  expect(await store.find('a1')).toEqual([record]);
  expect((await stat(folder.at('urls'))).mode & 0o777).toBe(0o700);
  expect((await stat(folder.at(`urls/a1.${record.id}.json`))).mode & 0o777).toBe(0o600);
  await store.remove(record);
  expect(await readdir(folder.at('urls'))).toEqual([]);
});

function servedBy(start: () => Promise<RunningServer>): void {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await start();
  }, 120_000);
  afterAll(async () => {
    await closeAll();
    await server?.stop();
  });
}

async function open(options: DataSourceOptions): Promise<DataSource> {
  const source = await new DataSource(options).initialize();
  opened.push(source);
  return source;
}

async function closeAll(): Promise<void> {
  for (const source of opened.splice(0)) await source.destroy();
}
