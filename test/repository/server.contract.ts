import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntitySchema } from 'typeorm';
import type { DataSource } from 'typeorm';
import { DataSourceConnection } from '../../src/repository/typeorm/data-source-connection.js';
import { deliverySchema } from '../../src/repository/typeorm/delivery.schema.js';
import { finalPartialSchema } from '../../src/repository/typeorm/final-partial.schema.js';
import { CreateUploads1794000000000 } from '../../src/repository/typeorm/migrations/1794000000000-create-uploads.js';
import { partSchema } from '../../src/repository/typeorm/part.schema.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { uploadSchema } from '../../src/repository/typeorm/upload.schema.js';
import type { TestDatabase } from './fixtures.js';
import { HOLDER, found, newUpload, pinsOf } from './fixtures.js';
import type { ServerDatabase } from './server-database.js';

const INSTANCES = 20;

const orderSchema = new EntitySchema<{ id: number }>({
  name: 'ShopOrder',
  tableName: 'shop_order',
  columns: { id: { type: 'integer', primary: true } },
});

/** What goes for a server whose pool the application shares with the module. */
export function serverContract(server: ServerDatabase): void {
  let database: TestDatabase;
  let repository: TypeOrmUploadRepository;
  const others: DataSource[] = [];

  beforeEach(async () => {
    database = await server.make();
    repository = new TypeOrmUploadRepository(server.connection, 'files');
  });
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.destroy()));
    await database.close();
  });

  const application = async (options: Parameters<typeof server.another>[0] = {}): Promise<DataSource> => {
    const other = await server.another(options).initialize();
    others.push(other);
    return other;
  };

  describe('the tables', () => {
    const drop = async (): Promise<void> => {
      const runner = server.dataSource.createQueryRunner();
      await new CreateUploads1794000000000().down(runner);
      await runner.dropTable('tus_migrations', true);
      await runner.release();
    };
    const tables = async (): Promise<string[]> => {
      const rows = await server.connection.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables
        WHERE table_name LIKE 'tus%' AND table_schema IN (?, 'public') ORDER BY table_name`,
        [String(server.dataSource.options.database)],
      );
      return rows.map(({ name }) => name);
    };
    const ALL = ['tus_delivery', 'tus_final_partial', 'tus_migrations', 'tus_part', 'tus_upload'];

    it('leave nothing for the schema to ask for', async () => {
      const { family } = server.connection.dialect;
      const entities = [
        uploadSchema(family),
        finalPartialSchema(family),
        partSchema(family),
        deliverySchema(family),
      ];
      const log = await (await application({ entities })).driver.createSchemaBuilder().log();
      expect(log.upQueries.map(({ query }) => query)).toEqual([]);
    });

    it('are taken back and made again by their migrations', async () => {
      expect(await tables()).toEqual(ALL);
      await drop();
      expect(await tables()).toEqual([]);
      await new DataSourceConnection(server.dataSource).open();
      expect(await tables()).toEqual(ALL);
      expect(await repository.insert(newUpload())).toMatchObject({ state: 'open' });
    });

    it(`are made once by ${INSTANCES} instances that start at once`, async () => {
      await drop();
      const starts = Array.from({ length: INSTANCES }, async () => {
        const connection = new DataSourceConnection(await application({ poolSize: 1 }));
        await connection.open();
        return new TypeOrmUploadRepository(connection, 'files').insert(newUpload());
      });
      await Promise.all(starts);
      expect(await repository.list({ limit: 100 })).toHaveLength(INSTANCES);
      const names = await server.connection.query<{ name: string }>('SELECT name FROM tus_migrations');
      expect(names).toEqual([{ name: 'CreateUploads1794000000000' }]);
    });

    it('are completed where a crash left them half made', async () => {
      await server.connection.change('DELETE FROM tus_migrations');
      const runner = server.dataSource.createQueryRunner();
      await runner.dropTable('tus_final_partial');
      await runner.release();
      await new DataSourceConnection(server.dataSource).open();
      expect(await tables()).toEqual(ALL);
    });

    it('leave the entities and migrations of the application alone, and are left alone by them', async () => {
      const { id } = await repository.insert(newUpload());
      const shop = await application({ entities: [orderSchema] });
      await new DataSourceConnection(shop).open();
      await shop.synchronize();
      const log = await shop.driver.createSchemaBuilder().log();
      expect(log.upQueries).toEqual([]);
      expect(await shop.showMigrations()).toBe(false);
      expect(shop.entityMetadatas.map(({ tableName }) => tableName)).toEqual(['shop_order']);
      expect(await found(repository, id)).toMatchObject({ id });
      await shop.dropDatabase();
      await new DataSourceConnection(server.dataSource).open();
    });
  });

  describe('the pool of the application', () => {
    it('gives statements that are no part of its transactions', async () => {
      const [lone, within] = [newUpload(), newUpload()];
      const transaction = server.dataSource.transaction(async (manager) => {
        await manager.query('SELECT 1');
        await repository.insert(lone);
        await server.connection.transaction((session) =>
          session.change('UPDATE tus_upload SET pins = pins + 1 WHERE id = ?', [lone.id]),
        );
        throw new Error('the application rolls back');
      });
      await expect(transaction).rejects.toThrow('rolls back');
      expect(await found(repository, lone.id)).toMatchObject({ pins: 1 });
      expect(await repository.find(within.id)).toBeUndefined();
    });

    it('is enough if it has one connection', async () => {
      const connection = new DataSourceConnection(await application({ poolSize: 1 }));
      await connection.open();
      const narrow = new TypeOrmUploadRepository(connection, 'files');
      const uploads = Array.from({ length: 10 }, () => newUpload());
      await Promise.all(uploads.map((upload) => narrow.insert(upload, HOLDER)));
      const ends = uploads.map(({ id }) => narrow.terminate(id, 1));
      expect(new Set(await Promise.all(ends))).toEqual(new Set(['done']));
    });

    it('gets back a connection after a transaction that failed', async () => {
      const failing = Array.from({ length: 30 }, () =>
        server.connection.transaction(async (session) => {
          await session.change('DELETE FROM tus_upload');
          throw new Error('no');
        }),
      );
      const results = await Promise.allSettled(failing);
      expect(results.every(({ status }) => status === 'rejected')).toBe(true);
      await repository.insert(newUpload());
      expect(await repository.list({ limit: 10 })).toHaveLength(1);
    });

    it('survives a connection that was cut in a transaction, of which nothing remains', async () => {
      const { family } = server.connection.dialect;
      const cut = family === 'postgres' ? 'pg_terminate_backend(pg_backend_pid())' : undefined;
      const upload = await repository.insert(newUpload());
      const transaction = server.connection.transaction(async (session) => {
        await session.change('UPDATE tus_upload SET pins = 7 WHERE id = ?', [upload.id]);
        await session.query(cut ? `SELECT ${cut}` : 'KILL CONNECTION_ID()');
      });
      await expect(transaction).rejects.toThrow();
      expect(await pinsOf(repository, [upload.id])).toEqual([0]);
    });

    it('must be there, and stays the application’s', async () => {
      const connection = new DataSourceConnection(server.another());
      await expect(connection.open()).rejects.toThrow('not initialised');
      await expect(connection.query('SELECT 1')).rejects.toThrow('is not open');
      const shop = await application();
      const other = new DataSourceConnection(shop);
      await Promise.all([other.open(), other.open()]);
      const running = other.query('SELECT 1 AS one');
      await other.close();
      expect(await running).toEqual([{ one: 1 }]);
      await expect(other.query('SELECT 1')).rejects.toThrow('is not open');
      expect(shop.isInitialized).toBe(true);
      await other.open();
      expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  it('a transaction that lost a deadlock is done again', async () => {
    for (const id of ['a', 'b']) await repository.insert(newUpload({ id }));
    const arrived = new Set<string>();
    let open = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      open = resolve;
    });
    let tries = 0;
    const crossing = (first: string, second: string) =>
      server.connection.transaction(async (session) => {
        tries += 1;
        const pin = (id: string) =>
          session.change('UPDATE tus_upload SET pins = pins + 1 WHERE id = ?', [id]);
        await pin(first);
        if (arrived.add(first).size === 2) open();
        await both;
        await pin(second);
      });
    await Promise.all([crossing('a', 'b'), crossing('b', 'a')]);
    expect(await pinsOf(repository, ['a', 'b'])).toEqual([2, 2]);
    expect(tries).toBeGreaterThan(2);
  });

  it('of many instances that take a lease at once, one gets it', async () => {
    const { id } = await repository.insert(newUpload());
    const instances = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const connection = new DataSourceConnection(await application({ poolSize: 2 }));
        await connection.open();
        return new TypeOrmUploadRepository(connection, 'files');
      }),
    );
    const takes = Array.from({ length: 50 }, (_, n) =>
      instances[n % 5]!.take(id, `process-${n}`, { states: ['open'] }),
    );
    const taken = (await Promise.all(takes)).filter((record) => record !== undefined);
    expect(taken).toHaveLength(1);
    expect(await found(repository, id)).toMatchObject({ leaseHolder: taken[0]?.leaseHolder, epoch: 1 });
  });
}
