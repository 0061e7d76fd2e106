import { describe, expect, it } from '@jest/globals';
import { Keys } from '../../../src/storage/azure/keys.js';

describe('a key that Azure cannot hold as it is', () => {
  const keys = new Keys('prefix/');
  it.each([
    ['', 'is empty'],
    ['a'.repeat(1018), 'longer than 1024 characters'],
    ['\ud800', 'Unicode'],
    ['a\u0001', 'control character'],
    ['.tus/a', 'belongs to the storage'],
    ['a\\b', 'takes for a "/"'],
    ['a//b', 'empty part'],
    ['/a', 'empty part'],
    ['a/', 'empty part'],
    ['a/../b', 'ends with "."'],
    ['a./b', 'ends with "."'],
    ['a.', 'ends with "."'],
    ['a/'.repeat(253) + 'a', 'more than 254 parts'],
  ])('%p is refused with a sentence', (key, problem) => {
    expect(() => keys.check(key)).toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect(() => keys.check(key)).toThrow(problem);
  });

  it.each(['a', 'é/漢 space+%&?#', '.hidden', 'a..b', 'a'.repeat(1017)])('%p is none', (key) => {
    expect(() => keys.check(key)).not.toThrow();
    expect(keys.object({ id: 'id', key })).toBe(`prefix/${key}`);
  });
});

it('an id that is none never names a blob', () => {
  expect(() => new Keys('').object({ id: '../a', key: null })).toThrow('cannot name an object');
});
