import { join } from 'node:path';
import { findBinary } from './find-binary.js';
import { startServer } from './server-process.js';
import type { RunningServer } from './server-process.js';

// Debian has the program under this name in `redis-tools`, which starts no server of the system.
const program = findBinary('redis-server') ?? findBinary('redis-check-rdb', ['/usr/bin']);

/** Redis, if its program is on this machine. */
export const REDIS = { name: 'Redis', found: program !== undefined };

/** Keeps nothing on the disk. */
export async function startRedis(): Promise<RunningServer> {
  if (!program) throw new Error('Redis is not installed: npm run services');
  return startServer({
    name: 'redis',
    // What it does depends on the name by which it is called.
    prepare: (folder) => [['ln', '-s', program, join(folder, 'redis-server')]],
    command: (folder, port) => [
      ...[join(folder, 'redis-server'), '--port', String(port), '--bind', '127.0.0.1'],
      ...['--save', '', '--appendonly', 'no', '--dir', folder],
    ],
    ready: /Ready to accept connections/,
    signal: 'SIGTERM',
  });
}
