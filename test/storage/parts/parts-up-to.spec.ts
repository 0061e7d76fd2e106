import { describe, expect, it } from '@jest/globals';
import type { Part } from '../../../src/model/part.js';
import { partsUpTo } from '../../../src/storage/parts/parts-up-to.js';

const part = (number: number, start: number, end: number, more: Partial<Part> = {}): Part => ({
  number,
  epoch: 1,
  start,
  length: end - start,
  tag: `tag ${number}`,
  tail: false,
  ...more,
});

const numbers = (parts: readonly Part[], offset: number) =>
  partsUpTo(parts, offset).map(({ number }) => number);

describe('the parts up to an offset', () => {
  it('are none at the beginning', () => {
    expect(numbers([part(1, 0, 8)], 0)).toEqual([]);
  });

  it('follow each other, whatever the order of the record', () => {
    expect(numbers([part(3, 16, 20), part(1, 0, 8), part(2, 8, 16)], 20)).toEqual([1, 2, 3]);
  });

  it('leave out what is behind the offset, or only announced', () => {
    expect(numbers([part(1, 0, 8), part(2, 8, 16), part(3, 8, 12, { tag: null })], 8)).toEqual([1]);
  });

  it('are those of the newest writer, whose numbers need not be the highest', () => {
    const tail = part(2 ** 30, 0, 4, { tail: true });
    expect(numbers([tail, part(1, 0, 8, { epoch: 2 })], 8)).toEqual([1]);
    expect(numbers([part(9, 0, 8), part(7, 0, 8, { epoch: 2 })], 8)).toEqual([7]);
    expect(numbers([part(7, 0, 8), part(9, 0, 8)], 8)).toEqual([9]);
  });

  it('end with a tail or have none: one in their middle was taken up', () => {
    const tail = part(2 ** 30, 0, 4, { tail: true, epoch: 3 });
    expect(numbers([tail, part(1, 0, 4), part(2, 4, 8)], 4)).toEqual([2 ** 30]);
    expect(numbers([tail, part(1, 0, 4), part(2, 4, 8)], 8)).toEqual([1, 2]);
  });

  it.each([
    ['there is a gap', [part(1, 0, 8), part(2, 9, 16)], 16],
    ['they end before the offset', [part(1, 0, 8)], 9],
    ['one reaches beyond it', [part(1, 0, 8), part(2, 8, 16)], 12],
    ['none is on record', [], 1],
  ])('are missing if %s', (_name, parts, offset) => {
    expect(() => partsUpTo(parts, offset)).toThrow(expect.objectContaining({ kind: 'missing' }));
  });
});
