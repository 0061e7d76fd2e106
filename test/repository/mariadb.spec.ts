import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { DataSourceConnection } from '../../src/repository/typeorm/data-source-connection.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { MARIADB, startMariadb } from '../support/services/mariadb.js';
import { withService } from '../support/services/with-service.js';
import { HOLDER, completePartial, newUpload, plannedFinal } from './fixtures.js';
import { serverContract } from './server.contract.js';
import { ServerDatabase } from './server-database.js';
import { serverPlanContract } from './server-plans.contract.js';
import { uploadRepositoryContract } from './upload-repository.contract.js';

withService(MARIADB, () => {
  const mariadb = new ServerDatabase(startMariadb);

  beforeAll(() => mariadb.up());
  afterAll(() => mariadb.down());

  uploadRepositoryContract('MariaDB', mariadb.make);
  describe('MariaDB as the server of the application', () => serverContract(mariadb));
  describe('plans of MariaDB', () => serverPlanContract(mariadb));

  describe('a DataSource that counts only rows whose values differ', () => {
    let application: DataSource;

    afterEach(() => application.destroy());

    it('sees a repeated claim, write and renewal as done', async () => {
      application = await mariadb.another({ flags: ['-FOUND_ROWS'] }).initialize();
      const connection = new DataSourceConnection(application);
      await connection.open();
      const repository = new TypeOrmUploadRepository(connection, 'files');
      const partial = await completePartial(repository);
      const final = await plannedFinal(repository, [partial]);
      for (const _ of [1, 2]) expect(await repository.claimBytes(partial, final.id)).toBe(true);
      const { id } = await repository.insert(newUpload(), HOLDER);
      for (const _ of [1, 2, 3, 4, 5]) {
        expect(await repository.write(id, 1, { offset: 5 }, false)).toMatchObject({ offset: 5 });
        expect(await repository.renew(HOLDER, [{ id, epoch: 1, offset: 5 }])).toEqual(new Set([id]));
      }
    });
  });
});
