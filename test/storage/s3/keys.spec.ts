import { describe, expect, it } from '@jest/globals';
import { copySource, Keys } from '../../../src/storage/s3/keys.js';

const keys = new Keys('uploads/');

describe('a key', () => {
  it.each(['a', 'a b/ü/漢字', 'video.mp4', '...', `${'x'.repeat(1016)}`, "it's (1) & 50%?#+"])(
    'may be %j',
    (key) => {
      expect(() => keys.check(key)).not.toThrow();
      expect(keys.object({ id: 'id', key })).toBe(`uploads/${key}`);
    },
  );

  it.each([
    ['', 'is empty'],
    ['x'.repeat(1017), 'longer than 1024 bytes'],
    ['ü'.repeat(509), 'longer than 1024 bytes'],
    ['a\nb', 'control character'],
    ['a\u0085b', 'control character'],
    ['a\uFFFEb', 'XML'],
    ['a\uD800b', 'well-formed'],
    ['/a', 'empty part'],
    ['a//b', 'empty part'],
    ['a/', 'empty part'],
    ['../a', '".."'],
    ['a/./b', '"."'],
    ['.tus/a', 'belongs to the storage'],
  ])('is refused as a conflict if it is %j', (key, words) => {
    expect(() => keys.check(key)).toThrow(
      expect.objectContaining({ kind: 'conflict', message: expect.stringContaining(words) }),
    );
    expect(() => keys.object({ id: 'id', key })).toThrow();
  });
});

describe('the name of an object', () => {
  it('of a partial and of a tail is below the folder of the storage', () => {
    expect(keys.object({ id: 'p-1', key: null })).toBe('uploads/.tus/p-1');
    expect(keys.tail('p-1', { epoch: 2, number: 7 })).toBe('uploads/.tus/p-1.2-7');
  });

  it('is never made of an id that is none', () => {
    expect(() => keys.object({ id: '../a', key: null })).toThrow('cannot name an object');
  });

  it('is encoded where it is the source of a copy, but for its slashes', () => {
    expect(copySource('bucket', 'a b/ü?%+&/x')).toBe('bucket/a%20b/%C3%BC%3F%25%2B%26/x');
  });
});
