import { dirname, join } from 'node:path';
import { findBinary, versionFolders } from './find-binary.js';
import { startServer } from './server-process.js';
import type { RunningServer } from './server-process.js';

const USER = 'postgres';

const initdb = findBinary('initdb', versionFolders('/usr/lib/postgresql', 'bin'));

/** How to reach a database, in the words of TypeORM. */
export interface PostgresAddress {
  readonly type: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly database: string;
}

/** PostgreSQL, if its programs are on this machine. */
export const POSTGRES = { name: 'PostgreSQL', found: initdb !== undefined };

export async function startPostgres(): Promise<RunningServer & { readonly address: PostgresAddress }> {
  if (!initdb) throw new Error('PostgreSQL is not installed: npm run services');
  const server = await startServer({
    name: 'postgres',
    unprivileged: true,
    prepare: (folder) => [
      [
        initdb,
        '-D',
        join(folder, 'data'),
        '-U',
        USER,
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
    ],
    command: (folder, port) => [
      join(dirname(initdb), 'postgres'),
      ...['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder],
      ...[
        ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'deadlock_timeout=100ms'],
      ].flatMap((option) => ['-c', option]),
    ],
    ready: /database system is ready to accept connections/,
    signal: 'SIGINT',
  });
  const address = { type: 'postgres', host: '127.0.0.1', username: USER, database: USER } as const;
  return { ...server, address: { ...address, port: server.port } };
}
