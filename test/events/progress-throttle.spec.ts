import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProgressThrottle } from '../../src/events/progress-throttle.js';
import type { UploadRecord } from '../../src/repository/upload-record.js';

describe('how often the progress of an upload is told', () => {
  let told: string[];
  let throttle: ProgressThrottle;

  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    throttle = new ProgressThrottle({
      interval: 1_000,
      report: ({ id, offset }) => told.push(`${id} ${offset}`),
    });
  });
  afterEach(() => {
    throttle.close();
    const left = jest.getTimerCount();
    jest.useRealTimers();
    if (left > 0) throw new Error(`${left} timers are left.`);
  });

  const at = (id: string, offset: number) => ({ id, offset }) as UploadRecord;
  const advance = (id: string, offset: number) => throttle.advance(at(id, offset));

  it('the first at once, then the newest after each interval', () => {
    for (let offset = 1; offset <= 25; offset++) {
      advance('a', offset);
      jest.advanceTimersByTime(100);
    }
    expect(told).toEqual(['a 1', 'a 10', 'a 20']);
  });

  it('what is held back while nothing more comes', () => {
    advance('a', 1);
    advance('a', 2);
    jest.advanceTimersByTime(999);
    expect(told).toEqual(['a 1']);
    jest.advanceTimersByTime(1);
    expect(told).toEqual(['a 1', 'a 2']);
  });

  it('each upload for itself', () => {
    advance('a', 1);
    advance('b', 1);
    advance('b', 2);
    throttle.end('b', at('b', 3));
    expect(told).toEqual(['a 1', 'b 1', 'b 3']);
  });

  it('the end at once, and not twice', () => {
    advance('a', 1);
    advance('a', 2);
    throttle.end('a', at('a', 5));
    advance('b', 5);
    throttle.end('b', at('b', 5));
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual(['a 1', 'a 5', 'b 5']);
  });

  it('nothing more of an upload that was deleted', () => {
    advance('a', 1);
    advance('a', 2);
    throttle.end('a');
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual(['a 1']);
  });

  it('no offset twice', () => {
    advance('a', 1);
    advance('a', 1);
    jest.advanceTimersByTime(2_000);
    advance('a', 1);
    expect(told).toEqual(['a 1']);
  });

  it('all of it once nothing is held back any more', () => {
    advance('a', 1);
    advance('a', 2);
    throttle.close();
    advance('a', 3);
    advance('a', 4);
    expect(told).toEqual(['a 1', 'a 2', 'a 3', 'a 4']);
  });

  it('without a timer once nothing moves, and none per upload', () => {
    for (let n = 0; n < 100; n++) advance(`${n}`, 1);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1_000);
    expect(jest.getTimerCount()).toBe(0);
  });
});
