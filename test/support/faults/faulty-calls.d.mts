import type { Steps } from './steps.mjs';

export declare function faultyFiles<Calls extends object>(
  calls: Calls,
  stepsOf: (path: string) => Steps | undefined,
): Calls;

export declare function faultyStatements(dataSources: readonly object[], steps: Steps): void;
