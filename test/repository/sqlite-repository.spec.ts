import { SQLITE_DRIVERS, sqliteTestDatabase } from './sqlite-database.js';
import { uploadRepositoryContract } from './upload-repository.contract.js';

for (const driver of SQLITE_DRIVERS) {
  uploadRepositoryContract(`SQLite through ${driver}`, () => sqliteTestDatabase(driver));
}
