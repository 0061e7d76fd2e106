import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorage } from '../../../src/storage/local/local.storage.js';
import type { LocalStorageOptions } from '../../../src/storage/local/options.js';

describe('options of LocalStorage', () => {
  test.each([undefined, '', '  ', 'a\0b', 5])(
    'a directory %p is refused by a sentence that names the option',
    (directory) => {
      expect(() => new LocalStorage({ directory } as LocalStorageOptions)).toThrow(
        /option "directory" must be/,
      );
    },
  );

  test.each(['always', null, true])('sync %p is refused by a sentence that names the option', (sync) => {
    expect(() => new LocalStorage({ directory: '.', sync } as unknown as LocalStorageOptions)).toThrow(
      /option "sync" must be 'completion', 'append' or 'never'/,
    );
  });
});

describe('start', () => {
  test('makes its folders, the working ones for this user only, and can be called again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-local-'));
    try {
      const storage = new LocalStorage({ directory: join(folder, 'a', 'b') });
      await storage.start();
      await storage.start();
      expect(storage.homeDirectory).toBe(join(folder, 'a', 'b', '.tus'));
      expect((await stat(storage.homeDirectory)).mode & 0o777).toBe(0o700);
      expect((await stat(join(storage.homeDirectory, 'work'))).isDirectory()).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(['file', 'file/below'])('names the option where a file is in the way: %s', async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-local-'));
    try {
      await writeFile(join(folder, 'file'), '');
      const storage = new LocalStorage({ directory: join(folder, path) });
      await expect(storage.start()).rejects.toThrow(
        /option "directory" is .*cannot be used \((EEXIST|ENOTDIR)\)\. Name/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
