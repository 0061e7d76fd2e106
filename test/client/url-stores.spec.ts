import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import {
  DataSourceUrlStore,
  FileUrlStore,
  MemoryUrlStore,
  type UploadRecord,
  type UrlStore,
} from '../../src/client/index.js';
import { ClientFolder } from './client-folder.js';

let folder: ClientFolder;
const opened: DataSource[] = [];

beforeEach(async () => {
  folder = await ClientFolder.make();
});
afterEach(async () => {
  for (const source of opened.splice(0)) await source.destroy();
  await folder.remove();
});

describe.each<[string, () => Promise<() => Promise<UrlStore>>]>([
  [
    'in memory',
    async () => {
      const store = new MemoryUrlStore();
      return async () => store;
    },
  ],
  ['of files', async () => async () => new FileUrlStore(folder.at('a/b'))],
  ['of a DataSource', async () => async () => new DataSourceUrlStore(await sqlite())],
])('a store %s', (_name, prepare) => {
  let another: () => Promise<UrlStore>;
  let store: UrlStore;

  beforeEach(async () => {
    another = await prepare();
    store = await another();
  });

  it('has nothing in the beginning, and forgets what it does not have', async () => {
    expect(await store.find('a1')).toEqual([]);
    await store.remove(record('1', 'a1'));
  });

  it('keeps records as they were last saved, for whoever opens it next', async () => {
    await store.save(record('1', 'a1'));
    await store.save(record('2', 'a1'));
    await store.save(record('3', 'a12'));
    const saved = { ...record('1', 'a1'), urls: ['http://h/1', 'http://h/ö?x=%20', null] };
    await store.save(saved);
    const found = await (await another()).find('a1');
    expect(found.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([saved, record('2', 'a1')]);
  });

  it('removes one and leaves the others', async () => {
    await Promise.all(['1', '2', '3'].map((id) => store.save(record(id, 'a1'))));
    await store.remove(record('2', 'a1'));
    expect((await store.find('a1')).map(({ id }) => id).toSorted()).toEqual(['1', '3']);
  });

  it('may be used by several at once', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => another()));
    await Promise.all(stores.map((one, index) => one.save(record(String(index), 'a1'))));
    expect(await store.find('a1')).toHaveLength(4);
  });
});

it('A folder of URLs is for its owner alone, and half a record that a crash left counts as none', async () => {
  const store = new FileUrlStore(folder.at('urls'));
  await store.save(record('1', 'a1'));
  await writeFile(folder.at('urls/a1.1.json.77.draft'), '{"id":');
  expect(await store.find('a1')).toEqual([record('1', 'a1')]);
  expect((await stat(folder.at('urls'))).mode & 0o777).toBe(0o700);
  const [name] = (await readdir(folder.at('urls'))).filter((entry) => entry.endsWith('.json'));
  expect((await stat(folder.at(`urls/${name}`))).mode & 0o777).toBe(0o600);
  await store.remove(record('1', 'a1'));
  expect(await readdir(folder.at('urls'))).toEqual([]);
});

async function sqlite(): Promise<DataSource> {
  const source = new DataSource({
    type: 'sqlite',
    database: folder.at('client.sqlite'),
    busyTimeout: 10_000,
  });
  opened.push(source);
  return source.initialize();
}

function record(id: string, fingerprint: string): UploadRecord {
  return {
    ...{ id, fingerprint, endpoint: 'http://h/files', path: '/ä', size: 3, metadata: { filename: 'ä' } },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', urls: [null, null, null] },
  };
}
