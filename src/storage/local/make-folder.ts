import { mkdir } from 'node:fs/promises';
import { StorageError } from '../../model/errors/storage.error.js';
import { errorCode } from './storage-failure.js';

/** @throws StorageError of kind `conflict` where a file is in the way. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
    throw new StorageError('conflict', 'A part of the key before its last "/" is a file already.', {
      cause: error,
    });
  }
}
