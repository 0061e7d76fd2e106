import { lstat, stat } from 'node:fs/promises';
import { StorageError } from '../../model/errors/storage.error.js';
import { storageFailure } from './storage-failure.js';

/**
 * Tells bytes that are lost from a working folder that is away for the moment, such as one that is not mounted: what
 * is `missing` destroys the upload, what is `unavailable` may be tried again.
 */
export class Failures {
  constructor(private readonly folder: string) {}

  /** What to throw for an error of the file system, or of a part of this storage. */
  async of(error: unknown, what: string): Promise<unknown> {
    const failure = storageFailure(error, what);
    if (!(failure instanceof StorageError) || failure.kind !== 'missing') return failure;
    if (await this.isLost(error)) return failure;
    return new StorageError('unavailable', 'The working folder, or a file in it, was away for the moment.', {
      cause: error,
    });
  }

  /** Runs the work and throws its file system errors as storage errors. */
  async guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.of(error, what);
    }
  }

  /** The folder is looked for on both sides of the file, so that its return in between deceives nobody. */
  private async isLost(error: unknown): Promise<boolean> {
    const path = pathOf(error);
    if (!(await isFolder(this.folder))) return false;
    return path === undefined || ((await isGone(path)) && (await isFolder(this.folder)));
  }
}

/** @throws StorageError of kind `unavailable` if the folder is not there. */
export async function checkFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  throw new StorageError('unavailable', 'The working folder is not there.');
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Only a clear answer counts: a file that cannot be looked at may be there. */
function isGone(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

/** The file that the system did not find; undefined for an error that names none. */
function pathOf(error: unknown): string | undefined {
  const named = typeof error === 'object' && error !== null && 'path' in error ? error.path : undefined;
  return typeof named === 'string' ? named : undefined;
}
