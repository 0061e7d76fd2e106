import { afterAll, beforeAll } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ClientFolder } from '../client-folder.js';
import { dataSourceCases } from '../url-store-cases.js';

let folder: ClientFolder;
const opened: DataSource[] = [];

beforeAll(async () => {
  folder = await ClientFolder.make();
});
afterAll(async () => {
  for (const source of opened) await source.destroy();
  await folder.remove();
});

dataSourceCases('in SQLite through TypeORM 1', async () => {
  const database = folder.at('client.sqlite');
  const source = new DataSource({ type: 'better-sqlite3', database, timeout: 10_000 });
  opened.push(await source.initialize());
  return source;
});
