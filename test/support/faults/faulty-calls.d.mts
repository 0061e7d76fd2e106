import type { Steps } from './steps.mjs';

export declare function faultyFiles<Calls extends object>(
  promises: Calls,
  stepsOf: (path: string) => Steps | undefined,
): Calls;

export declare function faultyStatements(dataSources: readonly object[], steps: Steps): void;
