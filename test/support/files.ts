import { once } from 'node:events';
import { watch } from 'node:fs';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Resolves when a file of that name has been made in the folder. Watches from the moment of the call. */
export function fileAppears(folder: string, name: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_event, filename) => {
      if (!name.test(filename ?? '')) return;
      watcher.close();
      resolve();
    });
  });
}

/** Resolves when the text of the file is as it should be. */
export async function fileSays(path: string, expected: (text: string) => boolean): Promise<void> {
  const watcher = watch(path);
  try {
    for (;;) {
      // Listened to before the file is read, so that no change is missed.
      const changed = once(watcher, 'change');
      if (expected(await readFile(path, 'utf8'))) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

/** Makes what is in a folder look older than an hour: old enough to be swept. */
export async function ageFiles(folder: string): Promise<void> {
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of await readdir(folder)) await utimes(join(folder, name), old, old);
}
