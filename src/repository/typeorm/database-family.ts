import type { Family } from './dialect.js';

const FAMILIES: Readonly<Record<string, Family>> = {
  sqlite: 'sqlite',
  'better-sqlite3': 'sqlite',
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/** @throws TypeError for a type of TypeORM that the uploads cannot be kept in. */
export function familyOf(type: string): Family {
  const family = FAMILIES[type];
  if (family) return family;
  throw new TypeError(
    `Uploads cannot be kept in a database of the type "${type}": use one of ${Object.keys(FAMILIES).join(', ')}.`,
  );
}
