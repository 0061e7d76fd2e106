// nestjs-tus on Express, with better-sqlite3.
import { serveTus } from '../serve-tus.mjs';
import { takeBetterSqlite3 } from '../take-better-sqlite3.mjs';

takeBetterSqlite3();
await serveTus({ driver: 'better-sqlite3' });
