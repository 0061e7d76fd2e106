// nestjs-tus on Express, with sqlite3.
import { serveTus } from '../serve-tus.mjs';

await serveTus({ driver: 'sqlite3' });
