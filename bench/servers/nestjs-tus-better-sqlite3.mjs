// nestjs-tus on Express, with better-sqlite3.
import { serveTus } from '../serve-tus.mjs';

await serveTus({ driver: 'better-sqlite3' });
