/**
 * - `full`: no space left. `conflict`: a foreign object has the key. `missing`: stored bytes are not there any more.
 * - `refused`: the store takes no such object, until settings change. `unavailable`: may pass; nothing is known to be lost.
 */
export type StorageErrorKind = 'full' | 'conflict' | 'missing' | 'refused' | 'unavailable';

/** A storage's fault. It carries no status: the upload service decides what it means for the client. */
export class StorageError extends Error {
  constructor(
    readonly kind: StorageErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}
