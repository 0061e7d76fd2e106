/**
 * A function among the options threw, or returned what it must not, a fault of the application: clients get 500, and the
 * log this sentence, which names the option, the value and the fix. A value that is an error was thrown.
 */
export class OptionResultError extends Error {
  constructor(option: string, value: unknown, fix: string) {
    const failed = value instanceof Error;
    const did = failed ? `failed with ${value.name}: ${value.message}` : `returned ${shown(value)}`;
    super(`TusModule: option "${option}" ${did}; ${fix}.`, failed ? { cause: value } : undefined);
    this.name = 'OptionResultError';
  }
}

/** Never in depth: an object of the application may have secrets in it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
