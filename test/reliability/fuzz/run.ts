import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../../support/server-process.js';
import type { Platform } from '../../support/tus-app.js';
import { Disk } from './disk.js';
import { tus, urlOf } from './grammar.js';
import { Lane } from './lane.js';
import { must } from './oracle.js';
import { serialize } from './raw-request.js';
import { Connection } from './wire.js';

const PLATFORMS: readonly Platform[] = ['express', 'fastify'];
/** Requests that are under way at once, on each platform. */
const LANES = 4;
/** Deletions under way at once. */
const DELETIONS = 4;
/** Milliseconds that the bytes of what was deleted may stay, many rounds of maintenance. */
const FREEING = 60_000;
/** Milliseconds after which a server that was asked to stop counts as hanging. */
const STOPPING = 30_000;

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
  // Express reads targets with a function of Node that warns of some.
  const nodeFlags = ['--max-http-header-size=65536', '--no-deprecation'];
  const start = () => ServerProcess.start({ directory, platform, nodeFlags, cwd: parent, tus: OPTIONS });
  const disk = new Disk(parent, directory);
  let server: ServerProcess | undefined;
  try {
    server = await start();
    const lanes = Array.from({ length: LANES }, () => new Lane(platform, portOf(server), run.seed));
    await sendAll(run, lanes, index);
    await stop(server);
    await disk.check(lanes.map(({ model }) => model));
    server = await start();
    await deleteAll(server, disk);
    await allFreed(disk);
    await stop(server);
    await disk.checkEmpty();
    return sumOf(lanes.map(({ statuses }) => statuses));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await server?.kill();
    throw new Error([message, ...(server ? lastWords(server) : [])].join('\n'), { cause: error });
  } finally {
    await server?.kill();
    await rm(parent, { recursive: true, force: true });
  }
}

function portOf(server: ServerProcess | undefined): number {
  return Number(new URL(server?.endpoint ?? '').port);
}

/** Of a server that was killed: that it had ended before, if it had, and all that it has logged. */
function lastWords({ exit, stderr }: ServerProcess): string[] {
  const crash = exit === 'SIGKILL' || exit === 'SIGTERM' ? [] : [`The server has crashed: ${exit}`];
  return [...crash, ...stderr];
}

/** Every platform and every lane has each so-many-th request; none goes on when one has failed. */
async function sendAll({ requests, only }: FuzzRun, lanes: readonly Lane[], platform: number): Promise<void> {
  const step = LANES * PLATFORMS.length;
  const failed: unknown[] = [];
  const send = async (lane: Lane, first: number): Promise<void> => {
    if (only !== undefined && only % step !== first) return;
    const end = only === undefined ? requests : only + 1;
    for (let number = first; number < end && failed.length === 0; number += step) await lane.send(number);
  };
  try {
    const sending = lanes.map((lane, at) => send(lane, platform + at * PLATFORMS.length));
    for (const work of sending) work.catch((error: unknown) => failed.push(error));
    await all(sending);
  } finally {
    for (const lane of lanes) lane.close();
  }
}

/** Nothing that went wrong inside may stay unsaid. */
async function stop(server: ServerProcess): Promise<void> {
  const timer = setTimeout(() => void server.kill(), STOPPING);
  await server.stop();
  clearTimeout(timer);
  const { exit } = server;
  must(exit === 'SIGTERM' || exit === 'exit code 0', `the server was asked to stop, and ended with ${exit}`);
  must(server.stderr.length === 0, 'the server has logged an error');
}

/** Finals go before the partials that they need, and after those that took their bytes from them. */
async function deleteAll(server: ServerProcess, disk: Disk): Promise<void> {
  for (let before = Number.POSITIVE_INFINITY; ;) {
    const rows = await disk.living();
    if (rows.length === 0) return;
    must(rows.length < before, `nothing deletes ${JSON.stringify(rows)}`);
    before = rows.length;
    const left = rows.toSorted((one, other) => one.kind.localeCompare(other.kind));
    const next = async (): Promise<void> => {
      for (let row = left.shift(); row; row = left.shift()) await deleteOne(portOf(server), row.id);
    };
    await all(Array.from({ length: DELETIONS }, next));
  }
}

/** What is deleted is freed in the background, or by the next round of maintenance. */
async function allFreed(disk: Disk): Promise<void> {
  const since = performance.now();
  for (;;) {
    const left = (await disk.rows()).filter(({ state }) => state !== 'gone');
    if (left.length === 0) return;
    must(performance.now() - since < FREEING, `nothing frees ${JSON.stringify(left)}`);
  }
}

async function deleteOne(port: number, id: string): Promise<void> {
  const connection = await Connection.open(port);
  await connection.send(serialize(tus('DELETE', urlOf({ id }))).head);
  const answer = await connection.answer('DELETE').catch((error: unknown) => String(error));
  connection.cut();
  const said = typeof answer === 'string' ? answer : `it answers ${answer?.status}`;
  must(['it answers 204', 'it answers 404', 'it answers 409'].includes(said), `DELETE of ${id}: ${said}`);
}

/** Waits for all, so that nothing goes on behind a failure. @throws Error with everything that failed. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('\n\n'));
  return Promise.all(work);
}

function sumOf(counts: readonly Map<number, number>[]): Map<number, number> {
  const sum = new Map<number, number>();
  for (const [status, count] of counts.flatMap((map) => [...map]))
    sum.set(status, (sum.get(status) ?? 0) + count);
  return sum;
}
