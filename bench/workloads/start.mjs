import { setTimeout as pause } from 'node:timers/promises';
import { create } from '../tus-request.mjs';

const MIB = 1024 * 1024;

export const title = 'Start to the first 201';
export const how =
  'Milliseconds from the start of the process, over an empty folder, to the answer to a first POST; and the resident ' +
  'memory a second later. `nest-typeorm` is a bare Nest application with a SQLite file open through TypeORM, which ' +
  'answers that POST and does nothing else.';
export const bound =
  'modules: importing the package takes 40 to 60 ms, as one file it would take 13; the database takes 16 ms, 5 more than that of the bare application.';
export const servers = [
  'nestjs-tus',
  'nestjs-tus-better-sqlite3',
  'nestjs-tus-fastify',
  'nest-typeorm',
  'tus-server',
  'tus-server-in-nest',
  'resumable-upload',
];
export const ownProcess = true;
/** One is over in a moment, and there is one sample in each. */
export const repetitions = 15;

export async function run(server) {
  await create(server, 1);
  const took = performance.now() - server.began;
  await pause(1000);
  return {
    'first 201, ms': [took],
    'CPU till then, s': [server.cpu()],
    'idle RSS, MiB': [server.rss() / MIB],
  };
}
