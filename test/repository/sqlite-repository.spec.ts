import { sqliteTestDatabase } from './sqlite-database.js';
import { uploadRepositoryContract } from './upload-repository.contract.js';

uploadRepositoryContract('SQLite', sqliteTestDatabase);
