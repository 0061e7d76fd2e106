import { inspect } from 'node:util';
import { TusClientError } from './tus-client.error.js';

/** An option that cannot be what it is; nothing was sent. The message names it, the value (never of `headers`), and the fix. */
export class TusClientOptionError extends TusClientError {
  override readonly code = 'OPTION';

  constructor(option: string, value: unknown, fix: string) {
    // Headers hold secrets, and messages go to logs.
    const shown = option === 'headers' ? 'wrong' : inspect(value, { depth: 0, breakLength: Infinity });
    super(`TusClient: option "${option}" is ${shown}; ${fix}.`);
  }
}
