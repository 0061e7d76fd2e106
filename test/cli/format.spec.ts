import { describe, expect, it } from '@jest/globals';
import { formatBytes, formatSeconds } from '../../src/cli/format.js';

describe('what people read', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1.5 * 2 ** 20, '1.5 MiB'],
    [2 ** 53, '8192.0 TiB'],
  ])('says %d bytes as %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));

  it.each([
    [0, '0 s'],
    [59.2, '1 min 00 s'],
    [185, '3 min 05 s'],
    [7620, '2 h 07 min'],
    [Infinity, '?'],
    [NaN, '?'],
  ])('says %d seconds as %s', (seconds, words) => expect(formatSeconds(seconds)).toBe(words));
});
