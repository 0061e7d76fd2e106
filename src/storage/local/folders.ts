import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '../../model/errors/storage.error.js';
import { errorCode, unless } from './storage-failure.js';

/** File systems that cannot sync a folder, or need not, say one of these. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM'];

/** Makes the names inside a folder, and those of the folders up to `top`, survive a power loss. */
export async function syncFolders(folder: string, top: string): Promise<void> {
  for (let current = folder; ; current = dirname(current)) {
    await unless(NO_FOLDER_SYNC, syncFolder(current));
    if (current === top || current === dirname(current)) return;
  }
}

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

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
