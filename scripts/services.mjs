// Installs the servers that tests start themselves. Quick where all are there; says what is missing where it cannot.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POSTGRES = '/usr/lib/postgresql';
const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES).map((name) => join(POSTGRES, name, 'bin')) : [];

/** The programs that must be found, and the packages of Debian that have them. */
const services = [
  { name: 'PostgreSQL', programs: ['initdb'], folders: versions, packages: ['postgresql'] },
  // Not the package that starts a server of the system with it.
  {
    name: 'MariaDB',
    programs: ['mariadbd', 'mariadb-install-db', 'my_print_defaults'],
    folders: ['/usr/sbin', '/usr/bin'],
    packages: ['mariadb-server-core', 'mariadb-client-core'],
  },
];

function isFound({ programs, folders }) {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders];
  return programs.every((program) => all.some((folder) => existsSync(join(folder, program))));
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0)
    throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
}

const missing = services.filter((service) => !isFound(service));
for (const { name } of services.filter(isFound)) console.log(`${name} is there`);

if (missing.length > 0) {
  const packages = missing.flatMap((service) => service.packages);
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    console.error(`Missing: ${missing.map(({ name }) => name).join(', ')}. As root on Debian: ${command}`);
    process.exit(1);
  }
  apt('update', '-qq');
  apt('install', '-qq', '-y', '--no-install-recommends', ...packages);
}
