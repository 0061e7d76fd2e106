import { describe, expect, test } from '@jest/globals';
import { blocksOf } from '../../../src/storage/local/blocks.js';

describe('the blocks of a copy', () => {
  test('are full but for the last, whatever the files are', () => {
    const ranges = [
      { path: 'a', position: 5, length: 3 },
      { path: 'b', position: 0, length: 0 },
      { path: 'c', position: 2, length: 9 },
    ];
    expect([...blocksOf(ranges, 4)]).toEqual([
      {
        pieces: [
          { path: 'a', position: 5, length: 3, at: 0 },
          { path: 'c', position: 2, length: 1, at: 3 },
        ],
        length: 4,
      },
      { pieces: [{ path: 'c', position: 3, length: 4, at: 0 }], length: 4 },
      { pieces: [{ path: 'c', position: 7, length: 4, at: 0 }], length: 4 },
    ]);
  });

  test('hold what is left over in a shorter one', () => {
    const blocks = [...blocksOf([{ path: 'a', position: 0, length: 5 }], 4)];
    expect(blocks.map(({ length }) => length)).toEqual([4, 1]);
  });

  test('are none where there are no bytes', () => {
    expect([...blocksOf([{ path: 'a', position: 0, length: 0 }], 0)]).toEqual([]);
  });
});
