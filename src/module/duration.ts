import { wrongOption } from './wrong-option.js';

/** Milliseconds, or a number with a unit: `'90s'`, `'15m'`, `'24h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** A hundred years: times beyond the year 9999 have no HTTP date. */
const LONGEST = 36_500 * 86_400_000;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Whole milliseconds. @throws TusOptionError for what is no time from 1 ms to a hundred years. */
export function milliseconds(option: string, duration: unknown): number {
  const text = typeof duration === 'string' ? duration : '';
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const value = typeof duration === 'number' ? duration : Number(number) * UNITS[unit as keyof typeof UNITS];
  if (value >= 1 && value <= LONGEST) return Math.round(value);
  throw wrongOption(option, duration, "use milliseconds, or a text such as '90s', '15m', '24h' or '7d'");
}
