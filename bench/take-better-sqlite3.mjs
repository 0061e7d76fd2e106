import { registerHooks } from 'node:module';

/**
 * Called before the database is opened: gives the process the better-sqlite3 of bench/package.json. The project's own is
 * built for the machine's Node, and before 13 aborts where it is built for Node 24.19 or later (nodejs/node#65446).
 */
export function takeBetterSqlite3() {
  const url = import.meta.resolve('better-sqlite3');
  registerHooks({
    resolve(specifier, context, next) {
      return specifier === 'better-sqlite3' ? { url, shortCircuit: true } : next(specifier, context);
    },
  });
}
