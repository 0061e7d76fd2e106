import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, tus } from '../../support/raw-http.js';
import { ServerProcess } from '../../support/server-process.js';
import type { Platform } from '../../support/tus-app.js';
import { Disk } from './disk.js';
import { Lane } from './lane.js';
import { must } from './oracle.js';

const PLATFORMS: readonly Platform[] = ['express', 'fastify'];
/** Requests that are under way at once, on each platform. */
const LANES = 4;
/** Deletions under way at once. */
const DELETIONS = 4;

const OPTIONS = {
  maxSize: 1_000_000,
  expiration: '24h',
  checksums: ['sha1', 'sha256', 'md5'],
  cors: true,
  downloads: true,
};

export interface FuzzRun {
  readonly seed: number;
  readonly requests: number;
  /** Sends this request alone, after those that it follows from. */
  readonly only?: number;
}

/**
 * Sends requests to a server on each platform, and looks at what they leave behind.
 * @returns how often each status was answered; 0 counts requests without an answer.
 * @throws Error that says which request was answered wrongly, or what was left.
 */
export async function fuzz(run: FuzzRun): Promise<Map<number, number>> {
  return sumOf(await all(PLATFORMS.map((platform, index) => fuzzPlatform(run, platform, index))));
}

async function fuzzPlatform(run: FuzzRun, platform: Platform, index: number): Promise<Map<number, number>> {
  const parent = await mkdtemp(join(tmpdir(), `nestjs-tus-fuzz-${platform}-`));
  const directory = join(parent, 'uploads');
  await mkdir(directory);
  const nodeFlags = ['--max-http-header-size=65536'];
  const start = () => ServerProcess.start({ directory, platform, nodeFlags, cwd: parent, tus: OPTIONS });
  const disk = new Disk(parent, directory);
  let server = await start();
  try {
    const port = Number(new URL(server.endpoint).port);
    const lanes = Array.from({ length: LANES }, () => new Lane(platform, port, run.seed));
    try {
      await all(lanes.map((lane, at) => sendAll(run, lane, index + at * PLATFORMS.length)));
    } finally {
      for (const lane of lanes) lane.close();
    }
    await stop(server);
    await disk.check(lanes.flatMap((lane) => lane.model.living));
    server = await start();
    await deleteAll(server, disk);
    await stop(server);
    await disk.checkEmpty();
    return sumOf(lanes.map(({ statuses }) => statuses));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${server.stderr.join('')}`, { cause: error });
  } finally {
    await server.kill();
    await rm(parent, { recursive: true, force: true });
  }
}

/** Every platform and every lane has each so-many-th request. */
async function sendAll({ requests, only }: FuzzRun, lane: Lane, first: number): Promise<void> {
  const step = LANES * PLATFORMS.length;
  if (only !== undefined && only % step !== first) return;
  for (let number = first; number < (only === undefined ? requests : only + 1); number += step)
    await lane.send(number);
}

/** Nothing that went wrong inside may stay unsaid. */
async function stop(server: ServerProcess): Promise<void> {
  await server.stop();
  must(server.stderr.length === 0, 'the server has logged an error');
}

/** Finals go before the partials that they need, and after those that took their bytes from them. */
async function deleteAll(server: ServerProcess, disk: Disk): Promise<void> {
  for (let left = Number.POSITIVE_INFINITY; ;) {
    const rows = (await disk.rows()).filter(({ ending }) => ending === null);
    if (rows.length === 0) return;
    must(rows.length < left, `nothing deletes ${JSON.stringify(rows)}`);
    left = rows.length;
    const ids = rows.toSorted((one, other) => one.kind.localeCompare(other.kind)).map(({ id }) => id);
    const next = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const url = `${server.endpoint}/${id}`;
        const { status } = await call({ method: 'DELETE', url, headers: tus() });
        must([204, 404, 409].includes(status), `DELETE of ${id} answers ${status}`);
      }
    };
    await Promise.all(Array.from({ length: DELETIONS }, next));
  }
}

/** Like `Promise.all`, but nothing goes on behind a failure. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function sumOf(counts: readonly Map<number, number>[]): Map<number, number> {
  const sum = new Map<number, number>();
  for (const [status, count] of counts.flatMap((map) => [...map]))
    sum.set(status, (sum.get(status) ?? 0) + count);
  return sum;
}
