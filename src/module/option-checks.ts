import { wrongOption } from './wrong-option.js';

/** The longest that Node's timers wait; beyond it they fire at once. */
export const LONGEST_TIMER = 2_147_483_647;

export function checkBoolean(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw wrongOption(option, value, 'use true or false');
}

export function checkNumber(option: string, value: unknown, [least, most]: readonly [number, number?]): void {
  if (value === undefined) return;
  if (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= least &&
    value <= (most ?? value)
  ) {
    return;
  }
  const range = most === undefined ? `of ${least} or more` : `from ${least} to ${most}`;
  throw wrongOption(option, value, `use a whole number ${range}, or leave it out`);
}
