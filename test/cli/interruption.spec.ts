import { describe, expect, it } from '@jest/globals';
import { Interruption } from '../../src/cli/interruption.js';

describe('Ctrl-C', () => {
  function pressed(...times: number[]): { ended: number[]; stopped: boolean } {
    const ended: number[] = [];
    let now = 0;
    const interruption = new Interruption(
      (code) => ended.push(code),
      () => now,
    );
    for (now of times) interruption.interrupt();
    return { ended, stopped: interruption.signal.aborted };
  }

  it('asks the command to stop the first time', () =>
    expect(pressed(5000)).toEqual({ ended: [], stopped: true }));

  it('ends the process at once the second time', () =>
    expect(pressed(5000, 6000)).toEqual({ ended: [130], stopped: true }));

  it('is pressed once where npm passes on what the terminal has sent', () =>
    expect(pressed(5000, 5002)).toEqual({ ended: [], stopped: true }));
});
