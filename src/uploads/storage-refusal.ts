import { KeyConflictError } from '../model/errors/key-conflict.error.js';
import { StorageFullError } from '../model/errors/storage-full.error.js';
import { StorageRefusedError } from '../model/errors/storage-refused.error.js';
import { StorageUnavailableError } from '../model/errors/storage-unavailable.error.js';
import { StorageError } from '../model/errors/storage.error.js';
import { UploadGoneError } from '../model/errors/upload-gone.error.js';
import type { UploadError } from '../model/errors/upload.error.js';

/** What a storage's fault means for the client. */
export function refusalOf(failure: StorageError): UploadError {
  switch (failure.kind) {
    case 'full':
      return new StorageFullError({ cause: failure });
    case 'conflict':
      return new KeyConflictError({ cause: failure });
    case 'missing':
      return new UploadGoneError('Stored bytes of this upload are lost; create a new one.');
    case 'refused':
      return new StorageRefusedError({ cause: failure });
    case 'unavailable':
      return new StorageUnavailableError({ cause: failure });
  }
}

/** Whether trying again can never help. */
export function isFinal(failure: StorageError): boolean {
  return failure.kind === 'missing' || failure.kind === 'conflict';
}

/** A storage may throw what it did not foresee; that says nothing about the bytes. */
export function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  // The disk of the rows is full.
  if (error instanceof StorageFullError) return new StorageError('full', error.message, { cause: error });
  return new StorageError('unavailable', 'the storage failed in an unforeseen way', { cause: error });
}
