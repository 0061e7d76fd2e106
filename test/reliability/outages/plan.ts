import { FAULTS, seededFaults } from '../../support/s3-proxy/fault.js';
import type { Fault, FaultPlan } from '../../support/s3-proxy/fault.js';
import type { Random } from '../random.js';

const SCENARIOS = ['patches', 'creation', 'parallel', 'deletion', 'checksums'] as const;

/** What clients do in a run, and what the store does to it. */
export interface OutagePlan {
  readonly scenario: (typeof SCENARIOS)[number];
  /** Of a fault, for each request to the store. */
  readonly probability: number;
  readonly faults: readonly Fault[];
  /** Milliseconds after which a merge goes on without its client. */
  readonly respondAfter: number;
}

export function planOf(random: Random): OutagePlan {
  return {
    scenario: random.pick(SCENARIOS),
    probability: random.pick([0.05, 0.15, 0.3, 0.5]),
    // One kind of fault alone shows what a mixture hides: two lost answers to one request are rare.
    faults: random.chance(0.4) ? [random.pick(FAULTS)] : FAULTS,
    respondAfter: random.pick([0, 30_000]),
  };
}

export function faultsOf({ probability, faults }: OutagePlan, seed: number): FaultPlan {
  return seededFaults(seed, { probability, faults });
}
