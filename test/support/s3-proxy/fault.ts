import { Random } from '../../reliability/random.js';
import { S3_KINDS } from './request-kind.js';
import type { S3Kind } from './request-kind.js';

export const FAULTS = [
  /** 503 SlowDown; the store has not seen the request. */
  'slow-down',
  /** The connection is reset; the store has not seen the request. */
  'reset',
  /** No answer, and the store has not seen the request: ends with the client's time-out. */
  'hang',
  /** The store has done it, but the connection is reset before its answer. */
  'lost-answer',
  /** The store has done it, but its answer ends in the middle. */
  'truncated-answer',
  /** The store has done it, but no answer comes: ends with the client's time-out. */
  'hang-after',
] as const;

export type Fault = (typeof FAULTS)[number];

/** Decides what happens to the n-th request of a kind, the first being 1. */
export type FaultPlan<Kind extends string = S3Kind> = (kind: Kind, n: number) => Fault | undefined;

export interface SeededFaults {
  readonly probability: number;
  /** Default: all. */
  readonly faults?: readonly Fault[];
}

/** Faults that a seed determines; each is as likely as the others. */
export function seededFaults(seed: number, plan: SeededFaults): FaultPlan {
  return seededFaultsOf(S3_KINDS, seed, plan);
}

/** The same for a store that has other kinds of requests. */
export function seededFaultsOf<Kind extends string>(
  kinds: readonly Kind[],
  seed: number,
  { probability, faults = FAULTS }: SeededFaults,
): FaultPlan<Kind> {
  return (kind, n) => {
    const random = Random.of(seed, n * kinds.length + kinds.indexOf(kind));
    return random.chance(probability) ? random.pick(faults) : undefined;
  };
}
