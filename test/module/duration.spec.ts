import { describe, expect, it } from '@jest/globals';
import { TusOptionError } from '../../src/index.js';
import { milliseconds } from '../../src/module/duration.js';
import { resolveExpiration } from '../../src/module/expiration-options.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a duration', () => {
  it.each([
    [1, 1],
    [1_500.4, 1_500],
    ['1ms', 1],
    ['90s', 90_000],
    ['15m', 900_000],
    ['24h', DAY],
    ['7d', 7 * DAY],
    ['1.5h', 5_400_000],
    ['36500d', 36_500 * DAY],
  ])('%p is %d milliseconds', (given, expected) => {
    expect(milliseconds('expiration', given)).toBe(expected);
  });

  it.each([
    ...[0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 5n],
    ...['', '24', 'h', '24H', '1 h', ' 1h', '1h ', '-1h', '+1h', '1e3s', '.5h', '1h30m', '0.5ms', '36501d'],
    ...[null, undefined, true, ['24h'], {}, Object.create(null) as object, Symbol('1h')],
  ])('%p is none, and the option is named', (given) => {
    expect(() => milliseconds('expiration.completed', given)).toThrow(TusOptionError);
    expect(() => milliseconds('expiration.completed', given)).toThrow('option "expiration.completed"');
  });

  it('is a date that HTTP can write, however long it is', () => {
    const expires = new Date(Date.now() + milliseconds('expiration', '36500d'));
    expect(expires.toUTCString()).toMatch(/ \d{4} \d\d:\d\d:\d\d GMT$/);
  });
});

describe('the option expiration', () => {
  const rest = { sliding: true, deleteCompleted: false };

  it('is a day for what is unfinished, unless it is given', () => {
    const day = { unfinished: DAY, completed: null, ...rest };
    expect(resolveExpiration()).toEqual(day);
    expect(resolveExpiration({})).toEqual(day);
    expect(resolveExpiration({ unfinished: '24h' })).toEqual(day);
  });

  it('covers every upload as a duration, and none as false (EXP-05)', () => {
    expect(resolveExpiration('1h')).toEqual({ unfinished: HOUR, completed: HOUR, ...rest });
    expect(resolveExpiration(5_000)).toEqual({ unfinished: 5_000, completed: 5_000, ...rest });
    expect(resolveExpiration(false)).toEqual({ unfinished: null, completed: null, ...rest });
  });

  it('says of each kind for itself how long it lasts', () => {
    const given = { unfinished: false, completed: '1h', sliding: false, deleteCompleted: true } as const;
    const resolved = { unfinished: null, completed: HOUR, sliding: false, deleteCompleted: true };
    expect(resolveExpiration(given)).toEqual(resolved);
    expect(resolveExpiration({ completed: false })).toEqual(resolveExpiration());
  });
});
