import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { OptionResultError } from '../../../src/index.js';
import { SqliteConnection } from '../../../src/repository/typeorm/sqlite-connection.js';
import type { SqliteDriver } from '../../../src/repository/typeorm/sqlite-driver.js';
import { TypeOrmUploadRepository } from '../../../src/repository/typeorm/typeorm-upload-repository.js';
import { HOLDER, newUpload } from '../../repository/fixtures.js';
import { SQLITE_DRIVERS } from '../../repository/sqlite-database.js';
import { faultyStatements } from '../../support/faults/faulty-calls.mjs';
import { Steps } from '../../support/faults/steps.mjs';
import type { Fault } from '../../support/faults/steps.mjs';
import { memoryFolder } from '../../support/memory-folder.js';
import { sqlite } from '../../support/rows.js';
import { gate } from '../faults.js';

const OTHER = 'process-2';

interface Row {
  readonly state: string;
  readonly epoch: number;
  readonly lease_holder: string | null;
  readonly upload_offset: number;
}

type Told = PromiseSettledResult<unknown> | undefined;

/** A change that does not wait for others, and whether the row bears what its caller was told in the end. */
interface Caller {
  readonly id: string;
  readonly change: (repository: TypeOrmUploadRepository) => Promise<unknown>;
  readonly bears: (row: Row | undefined, value: unknown) => boolean;
}

/** None of them is ever told that somebody else was faster, but those for whom that is so. */
const CALLERS: Readonly<Record<string, Caller>> = {
  'the taker of a free lease': {
    id: 'free',
    change: (repository) => repository.take('free', HOLDER, { states: ['open'] }),
    bears: (row, value) => value !== undefined && row?.epoch === 2 && row.lease_holder === HOLDER,
  },
  "the taker of another's lease": {
    id: 'foreign',
    change: (repository) => repository.take('foreign', HOLDER, { states: ['open'] }),
    bears: (row, value) => value === undefined && row?.epoch === 1,
  },
  'the maker of a row': {
    id: 'new',
    change: (repository) => repository.insert(newUpload({ id: 'new' }), HOLDER),
    bears: (row) => row?.epoch === 1 && row.lease_holder === HOLDER,
  },
  'the maker of a row that is there': {
    id: 'foreign',
    change: (repository) => repository.insert(newUpload({ id: 'foreign' }), HOLDER),
    bears: () => false,
  },
  'the writer of an offset': {
    id: 'written',
    change: (repository) => repository.write('written', 1, { offset: 10 }, false),
    bears: (row, value) => value !== undefined && row?.upload_offset === 10,
  },
  'the writer of an end': {
    id: 'ended',
    change: (repository) => repository.write('ended', 1, { state: 'complete', offset: 100 }, true),
    bears: (row, value) => value !== undefined && row?.state === 'complete' && row.lease_holder === null,
  },
  'the writer of another end': {
    id: 'ended-too',
    change: (repository) => repository.write('ended-too', 1, { state: 'complete', offset: 100 }, true),
    bears: (row, value) => value !== undefined && row?.state === 'complete' && row.lease_holder === null,
  },
  'the holder that renews': {
    id: 'kept',
    change: (repository) => repository.renew(HOLDER, [{ id: 'kept', epoch: 1, offset: 20 }]),
    bears: (row, value) => value instanceof Set && value.has('kept') && row?.upload_offset === 20,
  },
};

/** A database whose queue is held up until all callers have come, so that they share a commit. */
class Shared {
  readonly steps = new Steps();
  readonly crashed = new Promise<void>((resolve) => (this.steps.onCrash = resolve));
  readonly told = new Map<string, Told>();
  private readonly repository: TypeOrmUploadRepository;

  private constructor(
    private readonly folder: string,
    private readonly connection: SqliteConnection,
  ) {
    this.repository = new TypeOrmUploadRepository(connection, 'files');
  }

  static async make(driver: SqliteDriver): Promise<Shared> {
    const folder = await memoryFolder('nestjs-tus-commit-');
    const connection = new SqliteConnection({ path: join(folder, '.tus', 'uploads.sqlite'), driver });
    await connection.open();
    const shared = new Shared(folder, connection);
    for (const id of ['free', 'foreign', 'written', 'ended', 'ended-too', 'kept']) {
      const holder = id === 'foreign' ? OTHER : HOLDER;
      await shared.repository.insert(newUpload({ id }), id === 'free' ? undefined : holder);
    }
    await connection.change(`UPDATE tus_upload SET epoch = 1 WHERE id = 'free'`);
    faultyStatements([connection.dataSource, connection.reader], shared.steps);
    return shared;
  }

  async change(names: readonly string[], fault?: Fault): Promise<void> {
    const { opened, open } = gate();
    // The queue takes a turn after each commit; what comes meanwhile would share the next one with the callers.
    await setImmediate();
    const before = this.connection.transaction(() => opened);
    const calls = names.map(async (name) => {
      const [told] = await Promise.allSettled([CALLERS[name]?.change(this.repository)]);
      this.told.set(name, told);
    });
    open();
    await before;
    this.steps.arm(fault);
    await Promise.race([Promise.all(calls), this.crashed]);
    // Who was told before the crash has heard it by now.
    await setImmediate();
  }

  /** A change after the fault. False if it was told done, and is not. */
  async goesOn(): Promise<boolean> {
    this.steps.disarm();
    await this.repository.insert(newUpload({ id: 'later' }));
    const [row] = await sqlite(this.folder, `SELECT id FROM tus_upload WHERE id = 'later'`);
    return row !== undefined;
  }

  /** What each was told that is not so, once the process is gone. */
  async lies(): Promise<string[]> {
    const { dataSource, reader } = this.connection;
    await reader.destroy();
    await dataSource.destroy();
    const rows = await sqlite<Row & { id: string }>(this.folder, 'SELECT * FROM tus_upload');
    const lies: string[] = [];
    for (const [name, told] of this.told) {
      const { id, bears } = CALLERS[name] ?? {};
      const row = rows.find((one) => one.id === id);
      const untrue =
        told?.status === 'fulfilled'
          ? !bears?.(row, told.value)
          : told?.reason instanceof OptionResultError && name !== 'the maker of a row that is there';
      if (untrue)
        lies.push(`${name} was told ${String(JSON.stringify(told))}, and there is ${JSON.stringify(row)}`);
    }
    return lies;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const FAULTS: readonly Omit<Fault, 'at'>[] = [
  ...[1, 2, 3, 9].flatMap((times) => [
    { kind: 'fail' as const, times },
    { kind: 'lost' as const, times },
  ]),
  { kind: 'crash' },
  { kind: 'crash-after' },
];

describe.each(SQLITE_DRIVERS)('changes that share a commit, through %s', (driver) => {
  async function suffer(fault?: Fault, callers = Object.keys(CALLERS)) {
    const shared = await Shared.make(driver);
    try {
      await shared.change(callers, fault);
      const { names, dead, struck } = shared.steps;
      const stuck = !dead && !(await shared.goesOn());
      const lies = await shared.lies();
      return {
        names,
        struck,
        lies: stuck ? [...lies, 'a later change was not committed'] : lies,
        told: shared.told,
      };
    } finally {
      await shared.remove();
    }
  }

  /** What was told and is not so, with the fault at each statement in turn. */
  async function sufferAnywhere(fault: Omit<Fault, 'at'>, callers?: string[]): Promise<string[]> {
    const wrong: string[] = [];
    // Until a fault comes after the last statement.
    for (let at = 0, over = false; !over; at++) {
      const { names, struck, lies } = await suffer({ ...fault, at }, callers);
      wrong.push(...lies.map((lie) => `at ${at} (${names[at]}): ${lie}`));
      over = !struck;
    }
    return wrong;
  }

  const fulfilled = (told: ReadonlyMap<string, Told>) =>
    Object.keys(CALLERS).filter((name) => told.get(name)?.status === 'fulfilled');
  const refused = 'the maker of a row that is there';
  const willing = Object.keys(CALLERS).filter((name) => name !== refused);

  it('begin once and commit once, and each is told what became of its own', async () => {
    const { names, lies, told } = await suffer();
    expect(names.slice(0, names.indexOf('sql COMMIT'))).toEqual([
      'sql BEGIN IMMEDIATE',
      'sql WITH given AS',
      // Two rows in one statement, which one of them refuses, and then one by one.
      ...Array<string>(3).fill('sql INSERT INTO tus_upload'),
      ...Array<string>(2).fill('sql WITH given AS'),
      'sql WITH beat AS',
    ]);
    expect(names.filter((name) => /BEGIN|COMMIT/.test(name))).toHaveLength(2);
    expect({ lies, done: fulfilled(told) }).toEqual({ lies: [], done: willing });
    expect(told.get(refused)).toMatchObject({ reason: expect.any(OptionResultError) });
  });

  it.each(FAULTS)('are told nothing that is not so, with %j at whichever statement', async (fault) => {
    expect(await sufferAnywhere(fault)).toEqual([]);
  });

  const ends = ['the writer of an end', 'the writer of another end'];

  it('and are of one kind are one statement, which needs no transaction', async () => {
    const { names, lies, told } = await suffer(undefined, ends);
    expect(names).toEqual(['sql WITH given AS']);
    expect({ lies, done: fulfilled(told) }).toEqual({ lies: [], done: ends });
  });

  it.each(FAULTS)(
    'and are of one kind are told nothing that is not so, with %j at whichever statement',
    async (fault) => {
      expect(await sufferAnywhere(fault, ends)).toEqual([]);
    },
  );

  it.each([
    ['BEGIN fails', 'sql BEGIN', 'fail', willing],
    ['the answer of BEGIN is lost', 'sql BEGIN', 'lost', willing],
    ['a statement among them fails', 'sql INSERT', 'fail', willing],
    ['COMMIT fails', 'sql COMMIT', 'fail', []],
    [
      'the answer of COMMIT is lost',
      'sql COMMIT',
      'lost',
      ['the maker of a row', 'the writer of an offset', 'the writer of an end', 'the writer of another end'],
    ],
  ] as const)('when %s, are done where it can be known', async (_title, only, kind, done) => {
    const { told, lies } = await suffer({ at: 0, kind, only });
    expect({ lies, done: fulfilled(told) }).toEqual({ lies: [], done });
  });
});
