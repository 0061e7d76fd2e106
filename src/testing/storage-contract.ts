import { APPENDS } from './storage/cases/appends.js';
import { COMPLETIONS } from './storage/cases/completions.js';
import { CRASHES } from './storage/cases/crashes.js';
import { KEYS } from './storage/cases/keys.js';
import { MERGE_CRASHES } from './storage/cases/merge-crashes.js';
import { MERGES } from './storage/cases/merges.js';
import { READS } from './storage/cases/reads.js';
import { REMOVALS } from './storage/cases/removals.js';
import { STOPS } from './storage/cases/stops.js';
import { TAKE_OVERS } from './storage/cases/take-overs.js';
import { Stage } from './storage/stage.js';
import type { Scenario } from './storage/stage.js';
import type { StorageFactory } from './storage-place.js';

export interface ContractCase {
  /** A sentence. Together with its group it is unique. */
  readonly title: string;
  /** Rejects with an `AssertionError` where the storage breaks a promise. Allow it 60 seconds. */
  run(): Promise<void>;
}

export interface ContractGroup {
  readonly group: string;
  readonly cases: readonly ContractCase[];
}

const GROUPS = [
  APPENDS,
  STOPS,
  CRASHES,
  TAKE_OVERS,
  COMPLETIONS,
  KEYS,
  MERGES,
  MERGE_CRASHES,
  READS,
  REMOVALS,
];

/**
 * What every `UploadStorage` promises, as cases for any test runner. Each case has a place of its own, and ends with a
 * look at it: nothing is left behind, and no part is on record.
 *
 * @example
 * for (const { group, cases } of storageContract(factory)) {
 *   describe(group, () => cases.forEach(({ title, run }) => test(title, run)));
 * }
 */
export function storageContract(factory: StorageFactory): ContractGroup[] {
  return GROUPS.map(({ group, scenarios }) => ({
    group,
    cases: scenarios.map((scenario) => ({ title: scenario.title, run: () => run(factory, scenario) })),
  }));
}

async function run(factory: StorageFactory, scenario: Scenario): Promise<void> {
  const place = await factory.create();
  try {
    const stage = await Stage.open(place);
    try {
      await scenario.play(stage);
    } finally {
      await stage.settle();
    }
    await stage.strike();
  } finally {
    await place.close();
  }
}
