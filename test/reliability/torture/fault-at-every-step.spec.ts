import * as realFiles from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { ageFiles } from '../../support/files.js';
import { memoryFolder } from '../../support/memory-folder.js';
import { lapse, sqlite } from '../../support/rows.js';
import { faultyFiles, faultyStatements } from '../../support/faults/faulty-calls.mjs';
import { Steps } from '../../support/faults/steps.mjs';
import type { Fault } from '../../support/faults/steps.mjs';
import type { Engine as EngineType } from '../engine.js';
import { findings } from './checker.js';
import type { Walk } from './walks.js';

/** The steps of each engine, by the path that it knows its folder by. */
const stepsByFolder = new Map<string, Steps>();

function stepsOf(path: string): Steps | undefined {
  for (const [folder, steps] of stepsByFolder) {
    if (path === folder || path.startsWith(folder + sep)) return steps;
  }
  return undefined;
}

jest.unstable_mockModule('node:fs/promises', () => faultyFiles(realFiles, stepsOf));
const { files } = await import('../../../src/storage/local/files.js');
Object.assign(files, faultyFiles({ ...files }, stepsOf));
const { Engine } = await import('../engine.js');
const { CompletionRelay } = await import('../../../src/events/relay/completion-relay.js');
const { Recovery } = await import('../../../src/uploads/recovery.js');
const { Walker, WALKS } = await import('./walks.js');

/** A crash after a step leaves what a crash before the next one does; of what only looks, a lost answer is a failure. */
const FAULTS: readonly Omit<Fault, 'at'>[] = [
  { kind: 'fail' },
  { kind: 'lost', only: 'effect' },
  { kind: 'crash' },
];

/** A process, as far as there is one: it has the folder open, and its steps can be its last. */
interface Process {
  readonly engine: EngineType;
  readonly steps: Steps;
  readonly crashed: Promise<void>;
}

/** A folder, and the engines that serve it one after the other. */
class World {
  readonly announced: string[] = [];
  private readonly processes: Process[] = [];

  private constructor(
    private readonly home: string,
    private readonly partials: 'keep' | undefined,
  ) {}

  static async make({ partials }: Walk): Promise<World> {
    const world = new World(await memoryFolder('nestjs-tus-steps-'), partials);
    await realFiles.mkdir(world.directory);
    return world;
  }

  get directory(): string {
    return join(this.home, 'real');
  }

  /** The process that lives, or the next one. */
  async process(): Promise<Process> {
    const last = this.processes.at(-1);
    return last && !last.steps.dead ? last : this.start();
  }

  /** Each engine knows the folder by another name, so that it opens the database for itself, as a process would. */
  private async start(): Promise<Process> {
    const directory = join(this.home, `process-${this.processes.length}`);
    await realFiles.symlink(this.directory, directory);
    const steps = new Steps();
    const crashed = new Promise<void>((resolve) => (steps.onCrash = resolve));
    const engine = await Engine.start({
      directory,
      // What the database did not take is tried again at once, as long as the process lives.
      tus: {
        delivery: { firstDelay: 1, longestDelay: 1 },
        ...(this.partials && { partials: this.partials }),
      },
      hook: async ({ id }) => void this.announced.push(id),
    });
    const process = { engine, steps, crashed };
    this.processes.push(process);
    stepsByFolder.set(directory, steps);
    faultyStatements([engine.connection.dataSource, engine.connection.reader], steps);
    return process;
  }

  async remove(): Promise<void> {
    for (const { engine, steps } of this.processes) {
      if (!steps.dead) await engine.leave();
      stepsByFolder.delete(engine.directory);
    }
    await realFiles.rm(this.home, { recursive: true, force: true });
  }
}

/** What the system does with the files of a process that is gone. */
async function bury({ connection: { dataSource, reader } }: EngineType): Promise<void> {
  await dataSource.driver
    .createQueryRunner('master')
    .query('ROLLBACK')
    .catch(() => undefined);
  await dataSource.driver.disconnect();
  await reader.driver.disconnect();
}

interface Suffered {
  readonly wrong: readonly string[];
  /** The names of all steps until the recovery. */
  readonly steps: readonly string[];
  /** Whether the fault came. */
  readonly struck: boolean;
}

/** One walk with one fault, and everything that is found wrong after the recovery. */
async function suffer(world: World, walk: Walk, fault?: Fault): Promise<Suffered> {
  const { engine: first, steps, crashed } = await world.process();
  const client = new Walker(first);
  try {
    await walk.before?.(client);
    steps.arm(fault);
    const gone = walk
      .go(client)
      .then(() => first.idle())
      .then(() => first.get(CompletionRelay).idle())
      .catch((error: unknown) => {
        if (!fault) throw error;
      });
    await Promise.race([gone, crashed]);
    if (steps.dead) await bury(first);
    else steps.disarm();
    const { engine } = await world.process();
    client.engine = engine;
    await lapse(world.directory);
    await engine.maintain();
    await engine.idle();
    await walk.go(client);
    await settle(engine, client);
    const { announced, directory } = world;
    const { contents, complete, ended, setbacks } = client;
    const evidence = { directory, contents, complete: [...complete], ended: [...ended], announced };
    const wrong = [...setbacks, ...(await findings(evidence))];
    return { wrong, steps: steps.names, struck: steps.struck };
  } catch (error) {
    return { wrong: [String(error)], steps: steps.names, struck: steps.struck };
  }
}

/** The walk again and again on one folder, with the fault at each step; what is wrong after that. */
async function sufferEach(walk: Walk, fault: Omit<Fault, 'at'>): Promise<string[]> {
  const wrong: string[] = [];
  let world = await World.make(walk);
  try {
    for (let at = 0, over = false; !over; at++) {
      const suffered = await suffer(world, walk, { ...fault, at });
      over = !suffered.struck;
      if (suffered.wrong.length === 0) continue;
      const what = `${fault.kind} at ${at} of ${suffered.steps.join(', ')}`;
      wrong.push(...suffered.wrong.map((problem) => `${problem} after ${what}`));
      await world.remove();
      world = await World.make(walk);
    }
  } finally {
    await world.remove();
  }
  return wrong;
}

/** Until maintenance has nothing left to do; what no client was ever told of expires, and partials do. */
async function settle(engine: EngineType, { known }: InstanceType<typeof Walker>): Promise<void> {
  const marks = known.map(() => '?').join(', ');
  await sqlite(
    engine.directory,
    `UPDATE tus_upload SET expires_at = 1 WHERE state <> 'gone' AND (id NOT IN (${marks}) AND kind <> 'final'
    AND state <> 'complete' OR kind = 'partial' AND content = 'stored')`,
    known,
  );
  for (let round = 0; round < 2; round++) {
    await lapse(engine.directory);
    await engine.maintain();
    await engine.idle();
    await engine.get(CompletionRelay).idle();
  }
  await ageFiles(engine.workFolder);
  await engine.get(Recovery).sweep();
}

describe.each(WALKS.map((walk) => [walk.title, walk] as const))('%s', (_title, walk) => {
  it('comes to its end, and leaves nothing', async () => {
    const world = await World.make(walk);
    expect((await suffer(world, walk)).wrong).toEqual([]);
    await world.remove();
  });

  it.each(FAULTS)(
    'comes to its end, and leaves nothing, also with a fault ($kind) at whichever statement or file call',
    async (fault) => {
      expect(await sufferEach(walk, fault)).toEqual([]);
    },
    120_000,
  );
});
