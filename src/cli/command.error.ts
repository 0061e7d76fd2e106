import type { ExitCode } from './exit-code.js';

/** What a command says when it ends early: one sentence for a person. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode,
  ) {
    super(message);
  }
}
