import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Claims } from '../../src/events/relay/claims.js';
import { HeldBack } from '../../src/events/relay/held-back.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('while a database stands still, one renewal of claims waits for it, and no others', async () => {
  const ends: ((failed?: Error) => void)[] = [];
  const claims = new Claims<string>(
    () => new Promise((resolve, reject) => ends.push((failed) => (failed ? reject(failed) : resolve()))),
  );
  claims.hold('a', 'a');
  await jest.advanceTimersByTimeAsync(30_000);
  expect(ends).toHaveLength(1);
  ends[0]!(new Error('the database is gone'));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ends).toHaveLength(2);
  ends[1]!();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ends).toHaveLength(3);
  claims.drop('a');
  ends[2]!();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(ends).toHaveLength(3);
});

it('holds an event back longer with each fault of the database, until one is through', async () => {
  const asked: number[] = [];
  const dropped: string[] = [];
  const heldBack = new HeldBack({
    delay: (faults) => {
      asked.push(faults);
      return 1_000 * faults;
    },
    drop: (key) => dropped.push(key),
  });
  heldBack.add('a');
  await jest.advanceTimersByTimeAsync(1_000);
  expect(dropped).toEqual(['a']);
  heldBack.add('a');
  await jest.advanceTimersByTimeAsync(1_999);
  expect(dropped).toEqual(['a']);
  await jest.advanceTimersByTimeAsync(1);
  heldBack.forget('a');
  heldBack.add('a');
  expect(asked).toEqual([1, 2, 1]);
  heldBack.close();
  expect(dropped).toEqual(['a', 'a', 'a']);
  heldBack.add('b');
  expect(dropped.at(-1)).toBe('b');
  await jest.advanceTimersByTimeAsync(10_000);
  expect(dropped).toHaveLength(4);
});
