/** An option, of the module or of a storage, that cannot be what it is. The message names it, the value, and the fix. */
export class TusOptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TusOptionError';
  }
}
