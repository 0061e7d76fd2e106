import type { QueryRunner } from 'typeorm';

/** The first with window functions, common table expressions and SKIP LOCKED. */
const LEAST = { MySQL: [8, 0], MariaDB: [10, 6] } as const;

/** @throws Error for a server that the statements of this room do not run on, or not safely. */
export async function checkMysql(runner: QueryRunner): Promise<void> {
  const [row] = (await runner.query('SELECT VERSION() AS version, @@sql_mode AS mode')) as {
    version: string;
    mode: string;
  }[];
  const problem = row && problemOf(row.version, row.mode);
  if (problem) throw new Error(problem);
}

/** @internal */
export function problemOf(version: string, mode: string): string | undefined {
  const product = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST[product];
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return `The uploads need ${product} ${leastMajor}.${leastMinor} or later, this is ${version}.`;
  }
  // The driver writes values into the statement, and escapes quotes with a backslash.
  if (mode.split(',').includes('NO_BACKSLASH_ESCAPES')) {
    return 'The driver cannot escape values safely with NO_BACKSLASH_ESCAPES: take it out of sql_mode.';
  }
  return undefined;
}
