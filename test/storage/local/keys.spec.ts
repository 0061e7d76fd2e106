import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { LocalStorage } from '../../../src/storage/local/local.storage.js';
import { batches, Bench, Row } from './support.js';

const storage = new LocalStorage({ directory: './uploads' });

describe('a key', () => {
  test.each(['a', 'a/b/c.txt', 'ünï/文件', '.hidden', '..a/b..', '.tus2/a', 'a/.tus', 'x'.repeat(255)])(
    'may be %p',
    (key) => {
      storage.checkKey(key);
      expect(storage.pathOf(key)).toBe(join(process.cwd(), 'uploads', key));
    },
  );

  test.each([
    ['', /empty/],
    ['/etc/passwd', /relative/],
    ['a//b', /empty part/],
    ['a/', /empty part/],
    ['..', /".."/],
    ['../x', /".."/],
    ['a/../../x', /".."/],
    ['a/./b', /"\."/],
    ['a\0b', /control/],
    ['a\nb', /control/],
    ['a\u0085b', /control/],
    ['..\\x', /backslash/],
    ['\ud800', /Unicode/],
    ['.tus', /belongs to the storage/],
    ['.tus/work/x', /belongs to the storage/],
    ['.TUS/work/x', /belongs to the storage/],
    ['.tu\u017f/work/x', /belongs to the storage/],
    ['.t\u200cus/work/x', /belongs to the storage/],
    ['.tus. ./work/x', /belongs to the storage/],
    ['.tus::$INDEX_ALLOCATION/work/x', /belongs to the storage/],
    ['x'.repeat(256), /longer than 255/],
    [Array.from({ length: 6 }, () => 'x'.repeat(200)).join('/'), /longer than 1024/],
  ])('may not be %p', (key, problem) => {
    const conflict = expect.objectContaining({ kind: 'conflict', message: expect.stringMatching(problem) });
    expect(() => storage.checkKey(key)).toThrow(conflict);
    expect(() => storage.pathOf(key)).toThrow(conflict);
  });
});

describe('an id or a key that would leave the directory', () => {
  let bench: Bench;
  beforeEach(async () => void (bench = await Bench.open()));
  afterEach(() => bench.close());

  test.each(['', '../x', 'a/b', 'a.1', 'a\0', 'x'.repeat(129)])(
    'the id %p never reaches a path',
    async (id) => {
      const { upload } = new Row({ id, key: 'object', length: 1 });
      const conflict = { kind: 'conflict' };
      const context = new Row({ id }).context();
      expect(await bench.storage.append(upload, batches('a'), context)).toMatchObject({
        offset: 0,
        failure: conflict,
      });
      await expect(bench.storage.complete(upload)).rejects.toMatchObject(conflict);
      await expect(bench.storage.concatenate(upload, [], context)).rejects.toMatchObject(conflict);
      await expect(bench.storage.discardWork({ ...upload, reference: '[[2,0]]' })).rejects.toMatchObject(
        conflict,
      );
      await expect(bench.storage.remove(upload, true)).rejects.toMatchObject(conflict);
      await expect(bench.storage.read({ ...upload, kind: 'partial' })).rejects.toMatchObject(conflict);
      expect(await bench.working()).toEqual([]);
    },
  );

  test('the key ../x never reaches a path', async () => {
    const { upload } = new Row({ id: 'a', key: '../x', length: 0 });
    const conflict = { kind: 'conflict' };
    await expect(bench.storage.complete(upload)).rejects.toMatchObject(conflict);
    await expect(bench.storage.read(upload)).rejects.toMatchObject(conflict);
    await expect(bench.storage.remove(upload, true)).rejects.toMatchObject(conflict);
  });
});
