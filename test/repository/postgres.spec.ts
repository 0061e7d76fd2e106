import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { DataSourceConnection } from '../../src/repository/typeorm/data-source-connection.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { POSTGRES, startPostgres } from '../support/services/postgres.js';
import { withService } from '../support/services/with-service.js';
import { completePartial, mergedFinal, plannedFinal } from './fixtures.js';
import { serverContract } from './server.contract.js';
import { ServerDatabase } from './server-database.js';
import { serverPlanContract } from './server-plans.contract.js';
import { uploadRepositoryContract } from './upload-repository.contract.js';

withService(POSTGRES, () => {
  const postgres = new ServerDatabase(startPostgres);

  beforeAll(() => postgres.up());
  afterAll(() => postgres.down());

  uploadRepositoryContract('PostgreSQL', postgres.make);
  describe('PostgreSQL as the server of the application', () => serverContract(postgres));
  describe('plans of PostgreSQL', () => serverPlanContract(postgres));

  describe('a DataSource with a schema of its own', () => {
    let application: DataSource;

    afterEach(async () => {
      await application.query('DROP SCHEMA "Shop" CASCADE');
      await application.destroy();
    });

    it('has the tables in it, and every statement finds them', async () => {
      await postgres.dataSource.query('CREATE SCHEMA "Shop"');
      application = await postgres.another({ schema: 'Shop' }).initialize();
      const connection = new DataSourceConnection(application);
      await connection.open();
      const repository = new TypeOrmUploadRepository(connection, 'files');
      const partial = await completePartial(repository);
      const final = await mergedFinal(repository, [partial]);
      await plannedFinal(repository, [partial]);
      expect(await repository.terminate(final.id, undefined)).toBe('pinned');
      const elsewhere = new TypeOrmUploadRepository(postgres.connection, 'files');
      expect(await elsewhere.find(final.id)).toBeUndefined();
      const rows = await application.query('SELECT id FROM "Shop".tus_upload WHERE id = $1', [final.id]);
      expect(rows).toEqual([{ id: final.id }]);
    });
  });
});
