import { briefly, FAULTS, seededFaultsOf } from '../../support/s3-proxy/fault.js';
import type { Fault, FaultPlan } from '../../support/s3-proxy/fault.js';
import type { ObjectStore } from '../../support/stores/object-store.js';
import type { Random } from '../random.js';

/** What clients do, and how often. */
const SCENARIOS = [
  [3, 'patches'],
  [1, 'creation'],
  [3, 'parallel'],
  [2, 'deletion'],
  [1, 'checksums'],
] as const;

export type Scenario = (typeof SCENARIOS)[number][1];

/** The store has done what was asked, but nobody is told. */
const DONE: readonly Fault[] = ['lost-answer', 'truncated-answer', 'hang-after'];

/** What clients do in a run, and what the store does to it. */
export interface OutagePlan<Kind extends string> {
  readonly scenario: Scenario;
  /** Of a fault, for each request to the store. */
  readonly probability: number;
  readonly faults: readonly Fault[];
  /** The only requests that go wrong; all do where there is none. */
  readonly only?: readonly Kind[];
  /** Milliseconds after which a merge goes on without its client. */
  readonly respondAfter: number;
}

export function planOf<Kind extends string>(store: ObjectStore<Kind>, random: Random): OutagePlan<Kind> {
  const only = random.chance(0.5) ? random.pick(store.decisive) : undefined;
  return {
    scenario: random.weighted(SCENARIOS),
    probability: only ? random.pick([0.5, 0.8]) : random.pick([0.05, 0.15, 0.3]),
    // What the store has done nevertheless decides most; and one fault alone shows what a mixture hides.
    faults: random.pick([FAULTS, DONE, [random.pick(FAULTS)]]),
    ...(only && { only }),
    respondAfter: random.pick([0, 30_000]),
  };
}

export function faultsOf<Kind extends string>(
  store: ObjectStore<Kind>,
  { probability, faults, only }: OutagePlan<Kind>,
  seed: number,
): FaultPlan<Kind> {
  const seeded = briefly(store.patient, seededFaultsOf(store.kinds, seed, { probability, faults }));
  return (kind, n) => (only === undefined || only.includes(kind) ? seeded(kind, n) : undefined);
}
