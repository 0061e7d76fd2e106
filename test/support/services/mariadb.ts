import { join } from 'node:path';
import { findBinary } from './find-binary.js';
import { startServer } from './server-process.js';
import type { RunningServer } from './server-process.js';

const FOLDERS = ['/usr/sbin', '/usr/bin'];
const DATABASE = 'test';

const mariadbd = findBinary('mariadbd', FOLDERS);
const install = findBinary('mariadb-install-db', FOLDERS);

/** How to reach a database, in the words of TypeORM. */
export interface MariadbAddress {
  readonly type: 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly database: string;
}

/** MariaDB, if its programs are on this machine. */
export const MARIADB = { name: 'MariaDB', found: mariadbd !== undefined && install !== undefined };

export async function startMariadb(): Promise<RunningServer & { readonly address: MariadbAddress }> {
  if (!mariadbd || !install) throw new Error('MariaDB is not installed: npm run services');
  const server = await startServer({
    name: 'mariadb',
    unprivileged: true,
    // A database called `test` comes with it, and a root without password.
    prepare: (folder) => [
      [
        install,
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        '--auth-root-authentication-method=normal',
      ],
    ],
    command: (folder, port) => [
      ...[mariadbd, '--no-defaults', `--datadir=${join(folder, 'data')}`, `--port=${port}`],
      ...['--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`, '--skip-log-bin'],
      ...['--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve'],
    ],
    ready: /ready for connections/,
    signal: 'SIGTERM',
  });
  const address = { type: 'mariadb', host: '127.0.0.1', username: 'root', database: DATABASE } as const;
  return { ...server, address: { ...address, port: server.port } };
}
