import { describe, expect, it } from '@jest/globals';
import { parseRange } from '../../../../src/protocol/tus/download/byte-range.js';

const FIVE_GIB = 5 * 1024 ** 3;

describe('a range of bytes', () => {
  it.each([
    ['bytes=0-0', 10, 0, 0],
    ['bytes=2-5', 10, 2, 5],
    ['bytes=2-', 10, 2, 9],
    ['bytes=-3', 10, 7, 9],
    ['bytes=-30', 10, 0, 9],
    ['bytes=9-99', 10, 9, 9],
    ['bytes=0-99999999999999999999', 10, 0, 9],
    ['BYTES= 1-2 ', 10, 1, 2],
    ['bytes=4294967296-4294967300', FIVE_GIB, 4_294_967_296, 4_294_967_300],
    ['bytes=-1', FIVE_GIB, FIVE_GIB - 1, FIVE_GIB - 1],
    ['bytes=2147483648-', FIVE_GIB, 2_147_483_648, FIVE_GIB - 1],
  ])('%s of %d bytes is one (GET-06, trap 8)', (value, length, start, end) => {
    expect(parseRange(value, length)).toEqual({ start, end });
  });

  it.each([
    ['bytes=10-', 10],
    ['bytes=10-12', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=0-0', 0],
    ['bytes=5368709120-', FIVE_GIB],
    [`bytes=${'9'.repeat(400)}-`, 10],
  ])('%s of %d bytes has none of them (GET-06)', (value, length) => {
    expect(parseRange(value, length)).toBe('unsatisfiable');
  });

  it.each([
    ...[undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=1', 'bytes=5-2', 'bytes=1.5-2'],
    ...['bytes=+1-2', 'bytes=0x1-2', 'bytes 1-2', 'items=1-2', 'bytes=0-1,3-4', 'bytes=0-1, bytes=3-4'],
  ])('%j is ignored (GET-06)', (value) => {
    expect(parseRange(value, 10)).toBeUndefined();
  });

  it('from the end of an empty upload is all of it, which Content-Range cannot say', () => {
    expect(parseRange('bytes=-5', 0)).toBeUndefined();
  });
});
