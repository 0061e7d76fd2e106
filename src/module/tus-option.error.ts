import { inspect } from 'node:util';
import { TusOptionError as WrongOption } from '../model/errors/tus-option.error.js';

/** One of the module's own. */
export class TusOptionError extends WrongOption {
  constructor(option: string, value: unknown, fix: string) {
    // Never in depth: an option may be an object of the application with secrets in it.
    super(`TusModule: option "${option}" is ${inspect(value, { depth: 0, breakLength: Infinity })}; ${fix}.`);
  }
}
