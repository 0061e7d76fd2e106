import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { createProgress, type DisplayOptions, type Progress } from '../../src/cli/progress.js';

const at = (sent: number, total: number | null = 1000): Progress => ({
  sent,
  total,
  rate: 500,
  secondsLeft: 2,
});

function shown(terminal: boolean, options: Partial<DisplayOptions>, ...steps: Progress[]): string {
  const stream = Object.assign(new PassThrough(), { isTTY: terminal, columns: 200 });
  const display = createProgress(stream as unknown as NodeJS.WriteStream, {
    label: '',
    json: false,
    ...options,
  });
  for (const step of steps) display.update(step);
  display.stop();
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

describe('progress', () => {
  it('is a bar on a terminal, with size, rate and the time that is left', () => {
    const bar = shown(true, {}, at(0), at(500));
    expect(bar).toContain('50% | 500 B of 1000 B | 500 B/s | 2 s left');
  });

  it('is a line for each tenth elsewhere', () =>
    expect(shown(false, {}, at(10), at(110), at(190), at(1000))).toBe(
      '10% of 1000 B, 500 B/s\n100% of 1000 B, 500 B/s\n',
    ));

  it('names the file where there are several, without what a terminal would obey', () => {
    expect(shown(false, { label: 'a\u001b.bin' }, at(1000))).toBe('a�.bin: 100% of 1000 B, 500 B/s\n');
    expect(shown(true, { label: 'a{bar}' }, at(500))).toContain('a{bar}: ');
  });

  it('is JSON for each hundredth where it is asked for, on a terminal too', () => {
    const lines = shown(true, { label: 'a.bin', json: true }, at(5), at(10), at(12), at(20))
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { file: 'a.bin', ...at(10) },
      { file: 'a.bin', ...at(20) },
    ]);
  });

  it('says nothing of what has no size, nor of an empty file', () => {
    expect(shown(false, {}, at(10, null), at(20, null))).toBe('');
    expect(shown(false, {}, at(0, 0))).toBe('');
  });
});
