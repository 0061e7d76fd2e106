import { opendir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isUploadId } from '../../model/upload-id.js';
import { unless } from './storage-failure.js';

/** Younger leftovers stay: a transaction that will name them may not be over. */
export const SWEEP_AGE_MILLISECONDS = 60 * 60 * 1000;

const IDS_AT_ONCE = 500;

/** Removes the old files of ids that are not known; resolves with how many files that were. */
export async function sweep(
  folder: string,
  known: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<number> {
  let removed = 0;
  let namesById = new Map<string, string[]>();
  const flush = async (): Promise<void> => {
    if (namesById.size === 0) return;
    const needed = await known([...namesById.keys()]);
    for (const [id, names] of namesById) {
      if (!needed.has(id)) removed += await removeOld(names.map((name) => join(folder, name)));
    }
    namesById = new Map();
  };
  for await (const { name } of await opendir(folder)) {
    const id = name.split('.', 1)[0] ?? '';
    // What the storage never names, such as what a network file system keeps for itself.
    if (!isUploadId(id)) continue;
    namesById.set(id, [...(namesById.get(id) ?? []), name]);
    if (namesById.size === IDS_AT_ONCE) await flush();
  }
  await flush();
  return removed;
}

async function removeOld(paths: readonly string[]): Promise<number> {
  let removed = 0;
  for (const path of paths) {
    const found = await unless(['ENOENT'], stat(path));
    if (!found?.isFile() || Date.now() - found.mtimeMs < SWEEP_AGE_MILLISECONDS) continue;
    const gone = await unless(
      ['ENOENT'],
      unlink(path).then(() => true),
    );
    if (gone) removed += 1;
  }
  return removed;
}
