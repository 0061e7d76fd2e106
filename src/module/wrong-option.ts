import { inspect } from 'node:util';
import { TusOptionError } from '../model/errors/tus-option.error.js';

/** What to throw for an option of the module. */
export function wrongOption(option: string, value: unknown, fix: string): TusOptionError {
  // Never in depth: an option may be an object of the application with secrets in it.
  const shown = inspect(value, { depth: 0, breakLength: Infinity });
  return new TusOptionError(`TusModule: option "${option}" is ${shown}; ${fix}.`);
}
