import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { COPY } from './better-sqlite3.mjs';

/** Called before the database is opened: gives the process the copy of better-sqlite3 that this Node can load. */
export function takeBetterSqlite3() {
  const url = pathToFileURL(createRequire(import.meta.url).resolve(COPY)).href;
  registerHooks({
    resolve(specifier, context, next) {
      return specifier === 'better-sqlite3' ? { url, shortCircuit: true } : next(specifier, context);
    },
  });
}
