import { describe, expect, test } from '@jest/globals';
import { FolderSync } from '../../../src/storage/local/folder-sync.js';

describe('syncing the names in a folder', () => {
  test('whoever comes while one sync runs shares the next one', async () => {
    const syncs: (() => void)[] = [];
    const folders = new FolderSync('/top', () => new Promise((resolve) => syncs.push(resolve)));
    const first = folders.sync('/top');
    const others = [folders.sync('/top'), folders.sync('/top'), folders.sync('/top')];
    expect(syncs).toHaveLength(1);
    syncs[0]?.();
    await first;
    expect(syncs).toHaveLength(2);
    const late = folders.sync('/top');
    syncs[1]?.();
    await Promise.all(others);
    expect(syncs).toHaveLength(3);
    syncs[2]?.();
    await late;
  });

  test('goes up to the top, and no further', async () => {
    const synced: string[] = [];
    const folders = new FolderSync('/top', async (folder) => void synced.push(folder));
    await folders.sync('/top/a/b');
    expect(synced).toEqual(['/top/a/b', '/top/a', '/top']);
  });

  test('the failure of one sync is not that of the next', async () => {
    let fails = true;
    const folders = new FolderSync('/top', async () => {
      if (!fails) return;
      fails = false;
      throw new Error('EIO');
    });
    const results = await Promise.allSettled([folders.sync('/top'), folders.sync('/top')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
