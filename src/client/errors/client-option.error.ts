import { inspect } from 'node:util';
import { TusClientError } from './tus-client.error.js';

/** An option that cannot be what it is; nothing was sent. The message names it, the value, and the fix. */
export class TusClientOptionError extends TusClientError {
  override readonly code = 'OPTION';

  constructor(option: string, value: unknown, fix: string) {
    // Never in depth: an option may hold secrets.
    super(`TusClient: option "${option}" is ${inspect(value, { depth: 0, breakLength: Infinity })}; ${fix}.`);
  }
}
