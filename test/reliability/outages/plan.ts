import { FAULTS, seededFaults } from '../../support/s3-proxy/fault.js';
import type { Fault, FaultPlan } from '../../support/s3-proxy/fault.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import type { Random } from '../random.js';

/** What clients do, and how often. */
const SCENARIOS = [
  [3, 'patches'],
  [1, 'creation'],
  [3, 'parallel'],
  [2, 'deletion'],
  [1, 'checksums'],
] as const;

/** The store has done what was asked, but nobody is told. */
const DONE: readonly Fault[] = ['lost-answer', 'truncated-answer', 'hang-after'];

/** Requests that are few among the others, and on which most depends; some of them answer for others. */
const DECISIVE: readonly (readonly S3Kind[])[] = [
  ['UploadPart'],
  ['UploadPartCopy'],
  ['CompleteMultipartUpload'],
  ['CompleteMultipartUpload', 'HeadObject'],
  ['PutObject'],
  ['PutObject', 'HeadObject'],
  ['CreateMultipartUpload', 'ListMultipartUploads', 'AbortMultipartUpload'],
  ['AbortMultipartUpload', 'DeleteObject'],
];

/** What clients do in a run, and what the store does to it. */
export interface OutagePlan {
  readonly scenario: (typeof SCENARIOS)[number][1];
  /** Of a fault, for each request to the store. */
  readonly probability: number;
  readonly faults: readonly Fault[];
  /** The only requests that go wrong; all do where there is none. */
  readonly only?: readonly S3Kind[];
  /** Milliseconds after which a merge goes on without its client. */
  readonly respondAfter: number;
}

export function planOf(random: Random): OutagePlan {
  const only = random.chance(0.5) ? random.pick(DECISIVE) : undefined;
  return {
    scenario: random.weighted(SCENARIOS),
    probability: only ? random.pick([0.5, 0.8]) : random.pick([0.05, 0.15, 0.3]),
    // What the store has done nevertheless decides most; and one fault alone shows what a mixture hides.
    faults: random.pick([FAULTS, DONE, [random.pick(FAULTS)]]),
    ...(only && { only }),
    respondAfter: random.pick([0, 30_000]),
  };
}

export function faultsOf({ probability, faults, only }: OutagePlan, seed: number): FaultPlan {
  const seeded = seededFaults(seed, { probability, faults });
  return (kind, n) => (only === undefined || only.includes(kind) ? seeded(kind, n) : undefined);
}
