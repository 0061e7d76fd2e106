import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LocalStorage, TusModule } from '../../src/index.js';
import type { DatabaseSource, TusModuleAsyncOptions } from '../../src/index.js';
import { POSTGRES, startPostgres } from '../support/services/postgres.js';
import { withService } from '../support/services/with-service.js';
import { create, head, patch } from '../support/raw-http.js';
import { ModuleApps } from './module-app.js';

const apps = new ModuleApps();
afterEach(() => apps.clear());

async function uploadsThrough(module: ReturnType<typeof TusModule.forRoot>): Promise<string> {
  const { origin } = await apps.start('express', { imports: [module] });
  const url = await create(`${origin}/files`, { 'upload-length': '5' });
  expect((await patch(url, 0, 'hello')).status).toBe(204);
  expect((await head(url)).headers['upload-offset']).toBe('5');
  return url.split('/').at(-1) ?? '';
}

describe('the database option', () => {
  it.each(['sqlite3', 'better-sqlite3'] as const)('takes a file that %s opens', async (driver) => {
    const directory = await apps.folder();
    const path = join(directory, 'rows.sqlite');
    await uploadsThrough(
      TusModule.forRoot({ storage: new LocalStorage({ directory }), database: { path, driver } }),
    );
    await access(path);
  });

  it('takes of a DataSource for SQLite the path only', async () => {
    const directory = await apps.folder();
    const path = join(directory, 'application.sqlite');
    const database = new DataSource({ type: 'better-sqlite3', database: path });
    await uploadsThrough(TusModule.forRoot({ storage: new LocalStorage({ directory }), database }));
    expect(database.isInitialized).toBe(false);
    await access(path);
  });

  it.each([
    [{ path: 'a', driver: 'sql.js' }, 'database.driver'],
    [{ path: ':memory:' }, 'a DataSource of TypeORM'],
    ['postgres://localhost', 'a DataSource of TypeORM'],
  ])('refuses %j and says what it takes', async (database, message) => {
    const storage = new LocalStorage({ directory: await apps.folder() });
    const register = () => TusModule.forRoot({ storage, database: database as DatabaseSource });
    expect(register).toThrow(message);
  });

  it.each([
    ['returns something else', () => ({}) as DataSource, 'return a DataSource'],
    ['was put where it cannot inject', { useFactory: () => ({}) as DataSource }, 'beside the factory'],
  ])('refuses at start a factory that %s', async (_, database, message) => {
    const storage = new LocalStorage({ directory: await apps.folder() });
    const useFactory = () => ({ storage, database: database as () => DataSource });
    const started = apps.start('express', { imports: [TusModule.forRootAsync({ useFactory })] });
    await expect(started).rejects.toThrow(message);
  });
});

withService(POSTGRES, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let dataSource: DataSource;

  beforeAll(async () => {
    server = await startPostgres();
    dataSource = await new DataSource(server.address).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await server.stop();
  });

  @Module({
    providers: [{ provide: DataSource, useFactory: () => dataSource }],
    exports: [DataSource],
  })
  class DatabaseModule {}

  const factory = { inject: [DataSource], useFactory: (source: DataSource) => source };

  describe('a DataSource of the application', () => {
    async function expectRow(id: string): Promise<void> {
      const rows = await dataSource.query('SELECT upload_offset FROM tus_upload WHERE id = $1', [id]);
      expect(rows).toEqual([{ upload_offset: '5' }]);
      expect(dataSource.isInitialized).toBe(true);
    }

    it.each([
      ['as it is', () => dataSource],
      ['as a function that returns it', () => async () => dataSource],
      ['as a factory that injects it', () => factory],
    ])('keeps the rows, given %s', async (_, database) => {
      const storage = new LocalStorage({ directory: await apps.folder() });
      const module = TusModule.forRoot({ imports: [DatabaseModule], storage, database: database() });
      await expectRow(await uploadsThrough(module));
    });

    it.each([
      ['among the options', (source: DataSource) => ({ database: source }), {}],
      ['beside their factory', () => ({}), { database: factory }],
    ])(
      'keeps the rows with forRootAsync, given %s',
      async (_, made, beside: Partial<TusModuleAsyncOptions>) => {
        const storage = new LocalStorage({ directory: await apps.folder() });
        const module = TusModule.forRootAsync({
          imports: [DatabaseModule],
          inject: [DataSource],
          useFactory: (source: DataSource) => ({ storage, ...made(source) }),
          ...beside,
        });
        await expectRow(await uploadsThrough(module));
      },
    );
  });
});
