import { Random } from '../../reliability/random.js';
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

export type Fault =
  | (typeof FAULTS)[number]
  /** The connection is reset, and the store does it when nobody expects it any more: at `StoreProxy.arrive`. */
  | 'late';

/** Decides what happens to the n-th request of a kind, the first being 1. */
export type FaultPlan<Kind extends string = S3Kind> = (kind: Kind, n: number) => Fault | undefined;

export interface SeededFaults {
  readonly probability: number;
  /** Default: all. */
  readonly faults?: readonly Fault[];
}

/** Faults that a seed determines; each is as likely as the others. */
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

/** The connections of some requests break at once where they would hang: their clients wait for a long time. */
export function briefly<Kind extends string>(
  patient: readonly Kind[],
  faults: FaultPlan<Kind>,
): FaultPlan<Kind> {
  return (kind, n) => {
    const fault = faults(kind, n);
    if (fault === undefined || !patient.includes(kind)) return fault;
    return ({ hang: 'reset', 'hang-after': 'lost-answer' } as Partial<Record<Fault, Fault>>)[fault] ?? fault;
  };
}
