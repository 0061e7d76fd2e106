import { afterAll, beforeAll, describe } from '@jest/globals';
import { POSTGRES, startPostgres } from '../../support/services/postgres.js';
import { withService } from '../../support/services/with-service.js';
import { serverContract } from '../server.contract.js';
import { ServerDatabase } from '../server-database.js';
import { uploadRepositoryContract } from '../upload-repository.contract.js';

withService(POSTGRES, () => {
  const postgres = new ServerDatabase(startPostgres);

  beforeAll(() => postgres.up());
  afterAll(() => postgres.down());

  uploadRepositoryContract('PostgreSQL through TypeORM 1', postgres.make);
  describe('PostgreSQL as the server of an application with TypeORM 1', () => serverContract(postgres));
});
