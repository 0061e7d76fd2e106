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
export type FaultPlan = (kind: S3Kind, n: number) => Fault | undefined;

/** Faults that a seed determines; each is as likely as the others. */
export function seededFaults(
  seed: number,
  { probability, faults = FAULTS }: { readonly probability: number; readonly faults?: readonly Fault[] },
): FaultPlan {
  return (kind, n) => {
    const random = Random.of(seed, n * S3_KINDS.length + S3_KINDS.indexOf(kind));
    return random.chance(probability) ? random.pick(faults) : undefined;
  };
}
