/**
 * - `fail`: the call is not made, and throws. `lost`: it is made, and its answer is lost.
 * - `crash`, `crash-after`: the process ends before, or after it.
 */
export type FaultKind = 'fail' | 'lost' | 'crash' | 'crash-after';

export interface Fault {
  /** Which step, counted from 0 among those that `only` lets through. */
  readonly at: number;
  readonly kind: FaultKind;
  /** How many steps in a row. Default: 1. */
  readonly times?: number;
  /**
   * `statement`, `file`, `effect` for what changes something, or how the name of the step begins, such as
   * `file unlink`. Default: every step.
   */
  readonly only?: string;
  /** What the operating system says of a file call. Default: `EIO`. */
  readonly code?: string;
}

export declare class Steps {
  /** What was done since it was armed. */
  names: string[];
  armed: boolean;
  /** Whether the fault has come since it was armed. */
  struck: boolean;
  dead: boolean;
  onCrash: () => void;
  /** Counts from 0 again; without a fault it only watches. */
  arm(fault?: Fault): void;
  disarm(): void;
  run<T>(name: string, real: () => Promise<T>, make?: (code: string) => Error): Promise<T>;
}
