import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { LocalStorage } from '../../../src/index.js';
import type { TestPlace } from './test-place.js';

/** A folder for local storages; a new one unless it is named. */
export async function localPlace(given?: string): Promise<TestPlace> {
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'nestjs-tus-')));
  const pathOf = (key: string): string => join(directory, key);
  return {
    directory,
    open: () => new LocalStorage({ directory }),
    object: async (key) => {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    objects: async () => {
      const found = await readdir(directory, { recursive: true, withFileTypes: true });
      const keys = found
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
      return keys.filter((key) => !key.startsWith('.tus')).toSorted();
    },
    putObject: async (key, bytes) => {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      await writeFile(pathOf(key), bytes);
    },
    dropObject: (key) => rm(pathOf(key)),
    leftovers: () => readdir(join(directory, '.tus', 'work')),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
