import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LocalStorage } from '../../../src/index.js';
import type { StoragePlace } from '../../../src/testing/storage-place.js';

/** A folder of its own for local storages. */
export async function localPlace(): Promise<StoragePlace> {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-place-'));
  return {
    open: async () => {
      const storage = new LocalStorage({ directory });
      await storage.start();
      return storage;
    },
    object: async (key) => {
      try {
        return await readFile(join(directory, key));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    putObject: async (key, bytes) => {
      await mkdir(dirname(join(directory, key)), { recursive: true });
      await writeFile(join(directory, key), bytes);
    },
    leftovers: () => readdir(join(directory, '.tus', 'work')),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
