import { inspect } from 'node:util';

/** An option that cannot be what it is. The message names it, the value, and the fix. */
export class TusOptionError extends Error {
  constructor(option: string, value: unknown, fix: string) {
    // Never in depth: an option may be an object of the application with secrets in it.
    super(`TusModule: option "${option}" is ${inspect(value, { depth: 0, breakLength: Infinity })}; ${fix}.`);
    this.name = 'TusOptionError';
  }
}
