import { describe, expect, it } from '@jest/globals';
import { partRules } from '../../../src/storage/parts/part-rules.js';
import type { PartLimits, PartRules } from '../../../src/storage/parts/part-rules.js';
import { random } from './support.js';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;
const AMAZON: PartLimits = { least: 5 * MIB, largest: 5 * GIB, mostParts: 10_000 };

const AZURE: PartLimits = { least: 256 * 1024, largest: 4_000 * MIB, mostParts: 50_000 };

/** How many numbers an upload takes; `gap` are left out before a part. */
function numbersFor(rules: PartRules, upload: { total: number; known: boolean }, gap = () => 0): number {
  const { total, known } = upload;
  const equal = rules.equal
    ? rules.sizeOf({ length: known ? total : null }, { start: 0, number: 1 })
    : undefined;
  let number = 0;
  for (let start = 0; start < total;) {
    number += 1 + gap();
    start += equal ?? rules.sizeOf({ length: known ? total : null }, { start, number });
  }
  return number;
}

describe('the size of a part', () => {
  it('is 8 MiB by default, and what the store wants at least', () => {
    const place = { start: 0, number: 1 };
    expect(partRules(AMAZON).sizeOf({ length: 64 * MIB }, place)).toBe(8 * MIB);
    expect(partRules(AMAZON).sizeOf({ length: null }, place)).toBe(8 * MIB);
    expect(partRules({ ...AMAZON, partSize: MIB }).sizeOf({ length: GIB }, place)).toBe(5 * MIB);
  });

  it.each([
    ['Amazon S3', AMAZON],
    ['a store of 1,000 parts', { ...AMAZON, mostParts: 1_000 }],
    ['a store of equal parts', { ...AMAZON, equal: true }],
  ])('lets the largest object of %s fit, with a tenth of the numbers to spare', (_name, limits) => {
    const rules = partRules(limits);
    const largest = limits.mostParts === 1_000 ? 4 * 1024 * GIB : 5 * 1024 * GIB;
    for (let total = MIB; total <= largest; total *= 1.7) {
      expect(numbersFor(rules, { total: Math.ceil(total), known: true })).toBeLessThanOrEqual(
        0.9 * limits.mostParts,
      );
    }
  });

  it('grows with the numbers that take-overs leave out, so that those that are left suffice', () => {
    const rules = partRules(AMAZON);
    for (let seed = 1; seed <= 50; seed++) {
      const next = random(seed);
      const total = Math.ceil(next() * 5 * 1024 * GIB);
      const gap = () => (next() < 0.02 ? 5 : 0);
      expect(numbersFor(rules, { total, known: true }, gap)).toBeLessThanOrEqual(10_000);
    }
  });

  it('grows with the numbers used up while the length is unknown: 5 TiB fit', () => {
    const upload = { total: 5 * 1024 * GIB, known: false };
    expect(numbersFor(partRules(AMAZON), upload)).toBeLessThanOrEqual(10_000);
  });

  it('lets 170 TiB fit into a blob of Azure, and 190 TiB with all of its numbers', () => {
    const rules = partRules(AZURE);
    const numbers = (tebibytes: number) => numbersFor(rules, { total: tebibytes * 1024 * GIB, known: true });
    expect(numbers(170)).toBeLessThanOrEqual(45_000);
    expect(numbers(190)).toBeLessThanOrEqual(50_000);
    expect(rules.sizeOf({ length: 190 * 1024 * GIB }, { start: 0, number: 1 })).toBe(4_000 * MIB);
  });

  it('is four times as large where parts are equal and the length is unknown: 312 GiB fit', () => {
    const rules = partRules({ ...AMAZON, equal: true });
    const upload = { total: 312 * GIB, known: false };
    expect(numbersFor(rules, upload)).toBeLessThanOrEqual(10_000);
  });
});

describe('the end of a request may be a part', () => {
  it('from the least size on, while half of the numbers is left', () => {
    const { allows } = partRules(AMAZON);
    expect([allows(5 * MIB - 1, 1), allows(5 * MIB, 5_000), allows(5 * MIB, 5_001)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('never where parts are equal', () => {
    expect(partRules({ ...AMAZON, equal: true }).allows(8 * MIB, 1)).toBe(false);
  });
});
