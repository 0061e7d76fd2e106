import { describe, expect, test } from '@jest/globals';
import {
  addSegment,
  formatSegments,
  parseSegments,
  segmentRanges,
} from '../../../src/storage/local/segments.js';

describe('the list of segments', () => {
  test('is one file from the beginning where no reference is on record', () => {
    expect(parseSegments(null)).toEqual([{ epoch: 0, start: 0 }]);
  });

  test('reads back what it wrote', () => {
    const reference = '[[0,0],[5,1048576],[9,9007199254740991]]';
    expect(formatSegments(parseSegments(reference))).toBe(reference);
  });

  test.each(['', 'null', '{}', '[]', '[[0,5]]', '[[0,0],[1]]', '[[0,0],[1,0]]', '[[0,0],[2,9],[3,9]]'])(
    'refuses a reference that this storage does not write: %s',
    (reference) => {
      expect(() => parseSegments(reference)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
    },
  );

  test.each(['[[-1,0]]', '[["../x",0]]', '[[0.5,0]]', '[[1e300,0]]'])(
    'refuses an epoch that must not become part of a file name: %s',
    (reference) => {
      expect(() => parseSegments(reference)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
    },
  );

  test('grows by a segment at the offset', () => {
    expect(formatSegments(addSegment(parseSegments(null), { epoch: 2, start: 5 }))).toBe('[[0,0],[2,5]]');
  });

  test('drops the segments that count no bytes after a take-over at the same offset', () => {
    const segments = parseSegments('[[0,0],[2,5],[3,9]]');
    expect(formatSegments(addSegment(segments, { epoch: 4, start: 9 }))).toBe('[[0,0],[2,5],[4,9]]');
    expect(formatSegments(addSegment(segments, { epoch: 4, start: 3 }))).toBe('[[0,0],[4,3]]');
    expect(formatSegments(addSegment(segments, { epoch: 4, start: 0 }))).toBe('[[4,0]]');
  });
});

describe('where bytes are', () => {
  const segments = parseSegments('[[0,0],[2,5],[3,9]]');

  test('a segment counts up to the start of the next', () => {
    expect(segmentRanges(segments, 0, 12)).toEqual([
      { epoch: 0, position: 0, length: 5 },
      { epoch: 2, position: 0, length: 4 },
      { epoch: 3, position: 0, length: 3 },
    ]);
  });

  test('a range touches only the segments that have bytes of it', () => {
    expect(segmentRanges(segments, 6, 9)).toEqual([{ epoch: 2, position: 1, length: 3 }]);
    expect(segmentRanges(segments, 4, 6)).toEqual([
      { epoch: 0, position: 4, length: 1 },
      { epoch: 2, position: 0, length: 1 },
    ]);
    expect(segmentRanges(segments, 5, 5)).toEqual([]);
  });

  test('every range of every list is covered once, in order', () => {
    const truth = 'aaaaabbbbccc';
    const files = new Map([
      [0, 'aaaaaXXXX'],
      [2, 'bbbbYY'],
      [3, 'ccc'],
    ]);
    for (let start = 0; start <= truth.length; start += 1) {
      for (let end = start; end <= truth.length; end += 1) {
        const read = segmentRanges(segments, start, end)
          .map(({ epoch, position, length }) => files.get(epoch)?.slice(position, position + length))
          .join('');
        expect(read).toBe(truth.slice(start, end));
      }
    }
  });
});
