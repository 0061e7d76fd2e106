import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { LinkedAbort } from '../../src/client/http/linked-abort.js';

describe('LinkedAbort', () => {
  it('follows the signal from outside with its reason, and leads nowhere itself', () => {
    const outer = new AbortController();
    const [own, other] = [new LinkedAbort(outer.signal), new LinkedAbort(outer.signal)];
    other.abort();
    expect(outer.signal.aborted).toBe(false);
    const reason = new Error('enough');
    outer.abort(reason);
    expect(own.signal.reason).toBe(reason);
    expect(new LinkedAbort(outer.signal).signal.reason).toBe(reason);
  });

  it('has one listener for all of them, and none when the last is released', () => {
    const outer = new AbortController();
    const links = Array.from({ length: 20 }, () => new LinkedAbort(outer.signal));
    expect(getEventListeners(outer.signal, 'abort')).toHaveLength(1);
    for (const link of links) link.release();
    expect(getEventListeners(outer.signal, 'abort')).toEqual([]);
    outer.abort();
    expect(links.some(({ signal }) => signal.aborted)).toBe(false);
  });

  it('follows a signal again that was let go in between', () => {
    const outer = new AbortController();
    new LinkedAbort(outer.signal).release();
    const later = new LinkedAbort(outer.signal);
    outer.abort();
    expect(later.signal.aborted).toBe(true);
  });

  it('without a signal from outside is an abort of its own', () => {
    const own = new LinkedAbort(undefined);
    own.release();
    own.abort();
    expect(own.signal.aborted).toBe(true);
  });
});
