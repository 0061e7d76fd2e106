import { StorageError } from '../../model/errors/storage.error.js';
import { UploadError } from '../../model/errors/upload.error.js';

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** The operating system's code of an error (`ENOENT`, …); undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  // What a row could not record is no fault of the file system.
  if (error instanceof UploadError) return undefined;
  // Node's own argument checks have codes too; they are faults of the program and stay what they are.
  return typeof error.code === 'string' && !error.code.startsWith('ERR_') ? error.code : undefined;
}

/**
 * What to throw for an error of the file system: no space is `full`, something that is not there is `missing`, the rest
 * is `unavailable`. Errors that are not the file system's come back as they are.
 */
export function storageFailure(error: unknown, what: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  if (FULL.has(code))
    return new StorageError('full', `No space is left for ${what} (${code}).`, { cause: error });
  if (code === 'ENOENT')
    return new StorageError('missing', `${capital(what)} is not there.`, { cause: error });
  return new StorageError('unavailable', `${capital(what)} could not be used (${code}).`, { cause: error });
}

/** Waits for a file to be created: where it has no folder, nothing is known to be lost. @throws StorageError */
export async function created<T>(file: Promise<T>): Promise<T> {
  try {
    return await file;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new StorageError('unavailable', 'The folder of a new file is not there.', { cause: error });
  }
}

/** Resolves with undefined where the error has one of the codes. */
export async function unless<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
