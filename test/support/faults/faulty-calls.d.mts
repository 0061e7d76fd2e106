import type { Steps } from './steps.mjs';

export declare function faultyFiles<Calls extends object>(
  promises: Calls,
  stepsOf: (path: string) => Steps | undefined,
): Calls;

export declare function faultyStatements(dataSource: object, steps: Steps): void;
