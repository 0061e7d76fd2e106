import { TusOptionError } from '../../model/errors/tus-option.error.js';

export interface WrongOption {
  readonly name: string;
  /** Behind "must". */
  readonly fix: string;
  /** Left out where it may be a secret. */
  readonly value?: unknown;
}

/** What to throw for an option of a storage. */
export function wrongOption(owner: string, wrong: WrongOption): TusOptionError {
  const is = 'value' in wrong ? `; it is ${shown(wrong.value)}` : '';
  return new TusOptionError(`${owner}: the option "${wrong.name}" must ${wrong.fix}${is}.`);
}

/** A client or a configuration may hold secrets. */
function shown(value: unknown): string {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null))
    return `a value of type ${typeof value}`;
  return JSON.stringify(value) ?? String(value);
}
