import * as realFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ageFiles } from '../../support/files.js';
import { lapse, sqlite } from '../../support/rows.js';
import { faultyFiles, faultyStatements } from '../../support/faults/faulty-calls.mjs';
import { Steps } from '../../support/faults/steps.mjs';
import type { Fault, FaultKind } from '../../support/faults/steps.mjs';
import type { Engine as EngineType } from '../engine.js';
import { findings } from './checker.js';
import type { Walk } from './walks.js';

/** The steps of each engine, by the path that it knows its folder by. */
const stepsByFolder = new Map<string, Steps>();

jest.unstable_mockModule('node:fs/promises', () =>
  faultyFiles(realFiles, (path) => {
    for (const [folder, steps] of stepsByFolder) {
      if (path === folder || path.startsWith(folder + sep)) return steps;
    }
    return undefined;
  }),
);
const { Engine } = await import('../engine.js');
const { CompletionRelay } = await import('../../../src/events/relay/completion-relay.js');
const { Recovery } = await import('../../../src/uploads/recovery.js');
const { Walker, WALKS } = await import('./walks.js');

/** A crash after a step leaves what a crash before the next one does. */
const KINDS: readonly FaultKind[] = ['fail', 'lost', 'crash'];

/** A folder, and the engines that serve it one after the other. */
class World {
  readonly announced: string[] = [];
  private readonly engines: EngineType[] = [];

  private constructor(
    private readonly home: string,
    private readonly partials: 'keep' | undefined,
  ) {}

  static async make({ partials }: Walk): Promise<World> {
    const world = new World(await realFiles.mkdtemp(join(tmpdir(), 'nestjs-tus-steps-')), partials);
    await realFiles.mkdir(world.directory);
    return world;
  }

  get directory(): string {
    return join(this.home, 'real');
  }

  /** Each engine knows the folder by another name, so that it opens the database for itself, as a process would. */
  async start(): Promise<{ engine: EngineType; steps: Steps; crashed: Promise<void> }> {
    const directory = join(this.home, `process-${this.engines.length}`);
    await realFiles.symlink(this.directory, directory);
    const steps = new Steps();
    const crashed = new Promise<void>((resolve) => (steps.onCrash = resolve));
    const engine = await Engine.start({
      directory,
      ...(this.partials && { tus: { partials: this.partials } }),
      hook: async ({ id }) => void this.announced.push(id),
    });
    this.engines.push(engine);
    stepsByFolder.set(directory, steps);
    faultyStatements(engine.connection.dataSource, steps);
    return { engine, steps, crashed };
  }

  async remove(): Promise<void> {
    for (const engine of this.engines) {
      if (stepsByFolder.get(engine.directory)?.dead !== true) await engine.leave();
    }
    await realFiles.rm(this.home, { recursive: true, force: true });
  }
}

/** What the system does with the files of a process that is gone. */
async function bury(engine: EngineType): Promise<void> {
  const { driver } = engine.connection.dataSource;
  await driver
    .createQueryRunner('master')
    .query('ROLLBACK')
    .catch(() => undefined);
  await driver.disconnect();
}

/** One walk with one fault, and everything that is found wrong after the recovery. */
async function suffer(walk: Walk, fault?: Fault): Promise<{ wrong: string[]; steps: readonly string[] }> {
  const world = await World.make(walk);
  const { engine: first, steps, crashed } = await world.start();
  let engine = first;
  const client = new Walker(engine);
  try {
    await walk.before?.(client);
    steps.arm(fault);
    const gone = walk
      .go(client)
      .then(() => engine.idle())
      .then(() => engine.get(CompletionRelay).idle())
      .catch((error: unknown) => {
        if (!fault) throw error;
      });
    await Promise.race([gone, crashed]);
    const { names } = steps;
    if (steps.dead) {
      await bury(engine);
      ({ engine } = await world.start());
      client.engine = engine;
    } else {
      steps.disarm();
    }
    await lapse(world.directory);
    await engine.maintain();
    await engine.idle();
    await walk.go(client);
    await settle(engine, client);
    const { announced, directory } = world;
    const { contents, complete, ended, setbacks } = client;
    const evidence = { directory, contents, complete: [...complete], ended: [...ended], announced };
    return { wrong: [...setbacks, ...(await findings(evidence))], steps: names };
  } catch (error) {
    return { wrong: [String(error)], steps: steps.names };
  } finally {
    await world.remove();
  }
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
  afterEach(() => stepsByFolder.clear());

  it('comes to its end, and leaves nothing', async () => {
    expect((await suffer(walk)).wrong).toEqual([]);
  });

  it.each(KINDS)(
    'comes to its end, and leaves nothing, also with "%s" at whichever statement or file call',
    async (kind) => {
      const { steps } = await suffer(walk);
      const wrong: string[] = [];
      for (const at of steps.keys()) {
        const result = await suffer(walk, { at, kind });
        wrong.push(...result.wrong.map((problem) => `${kind} at ${at} (${steps[at]}): ${problem}`));
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
