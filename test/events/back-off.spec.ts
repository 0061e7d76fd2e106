import { describe, expect, it } from '@jest/globals';
import { backOff } from '../../src/events/relay/back-off.js';

const SETTINGS = { attempts: 6, firstDelay: 10_000, longestDelay: 60_000, concurrency: 1, elsewhere: false };

describe('the delay after a failure', () => {
  const delays = (random: number) =>
    [1, 2, 3, 4, 5, 6, 7].map((failures) => backOff(SETTINGS, failures, random));

  it('doubles up to the longest one, and ends with the last attempt', () => {
    expect(delays(0)).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, null, null]);
  });

  it('is shortened at random, by half at most', () => {
    expect(delays(1)).toEqual([5_000, 10_000, 20_000, 30_000, 30_000, null, null]);
  });

  it('has no end, however often a hook may fail', () => {
    expect(backOff({ ...SETTINGS, attempts: 1e6 }, 5_000, 0)).toBe(60_000);
  });
});
