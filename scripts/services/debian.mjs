import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { areThere } from './programs.mjs';

const POSTGRES = '/usr/lib/postgresql';
const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES).map((name) => join(POSTGRES, name, 'bin')) : [];

/** The programs that must be found, and the packages of Debian that have them. */
const servers = [
  { name: 'PostgreSQL', programs: ['initdb'], folders: versions, packages: ['postgresql'] },
  // Not the package that starts a server of the system with it.
  {
    name: 'MariaDB',
    programs: ['mariadbd', 'mariadb-install-db', 'my_print_defaults'],
    folders: ['/usr/sbin', '/usr/bin'],
    packages: ['mariadb-server-core', 'mariadb-client-core'],
  },
  // The server under another name; the package `redis-server` starts one of the system.
  { name: 'Redis', programs: ['redis-check-rdb'], folders: ['/usr/bin'], packages: ['redis-tools'] },
];

/** The servers that Debian has: which are there, and what gets the others. */
export const debian = {
  services: servers.map(({ name, programs, folders, packages }) => ({
    name,
    there: areThere(programs, folders),
    packages,
  })),
  /** Says why it cannot. */
  obstacle(missing) {
    if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) return undefined;
    return `As root on Debian: apt-get install --no-install-recommends ${packagesOf(missing).join(' ')}`;
  },
  install(missing) {
    apt('update', '-qq');
    apt('install', '-qq', '-y', '--no-install-recommends', ...packagesOf(missing));
  },
};

const packagesOf = (services) => services.flatMap(({ packages }) => packages);

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0)
    throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
}
