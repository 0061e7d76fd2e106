import { once } from 'node:events';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ageFiles } from '../../support/files.js';
import { sqlite } from '../../support/rows.js';
import { findings } from './checker.js';
import type { Evidence } from './checker.js';
import { jobsOf } from './jobs.js';
import type { Job } from './jobs.js';
import { planOf } from './plan.js';
import type { Suffering } from './plan.js';
import { Random } from '../random.js';
import { GivenUp, World } from './world.js';

/** What is left to be done after this long will never be done. */
const PATIENCE_MILLISECONDS = 30_000;

export interface Outcome {
  readonly seed: number;
  readonly plan: readonly Suffering[];
  /** A sentence for each thing that was wrong. */
  readonly problems: readonly string[];
}

/** Clients, a server that suffers what the seed says, and a look at what is left. */
export async function run(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const plan = planOf(random);
  const world = await World.make(random.chance(0.2) ? { partials: 'keep' } : {});
  const contents = new Map<string, string>();
  const jobs: Job[] = [];
  try {
    for (const [life, suffering] of [...plan, undefined].entries()) {
      await world.next(suffering);
      if (suffering) jobs.push(...jobsOf(world, random.fork(), { life, contents }));
      await Promise.all(jobs.map((job) => attempt(world, job)));
    }
    await forget(world, jobs);
    await world.next();
    world.problems.push(...(await leftovers(world, jobs, contents)));
    await world.end();
  } catch (error) {
    world.problems.push(error instanceof Error ? (error.stack ?? '') : String(error));
  } finally {
    await world.end();
    await world.server.remove();
  }
  return { seed, plan, problems: world.problems };
}

async function attempt(world: World, job: Job): Promise<void> {
  try {
    await job.go();
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    if (world.calm) world.problems.push(`gave up although nothing went wrong: ${error.message}`);
  }
}

/** Ends what no client knows of, as a day would, and partials, and lets a sweep find what is to be swept. */
async function forget(world: World, jobs: readonly Job[]): Promise<void> {
  const known = jobs.flatMap(({ complete, ended }) => [...complete, ...ended]);
  const { directory } = world.server;
  await world.end();
  await sqlite(
    directory,
    `UPDATE tus_upload SET expires_at = 1 WHERE (kind = 'partial' AND content = 'stored' AND state <> 'gone')
    OR (state = 'open' AND id NOT IN (${known.map(() => '?').join(', ')}))`,
    known,
  );
  await ageFiles(join(directory, '.tus', 'work'));
}

/** What is wrong once nothing changes any more, or nothing is. */
async function leftovers(
  world: World,
  jobs: readonly Job[],
  contents: Evidence['contents'],
): Promise<string[]> {
  const { directory, journal } = world.server;
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const watched = [join(directory, '.tus'), join(directory, '.tus', 'work')].map((folder) => watch(folder));
  try {
    for (;;) {
      const changed = Promise.race(watched.map((watcher) => once(watcher, 'change', { signal })));
      const announced = (await readFile(journal, 'utf8')).split('\n').filter((line) => line !== '');
      const complete = jobs.flatMap((job) => job.complete);
      const ended = jobs.flatMap((job) => job.ended);
      const found = await findings({ directory, contents, complete, ended, announced });
      if (found.length === 0 || signal.aborted) return found;
      await changed.catch(() => undefined);
    }
  } finally {
    watched.forEach((watcher) => watcher.close());
  }
}
