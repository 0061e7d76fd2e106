import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import { AZURE, missingBlocks, planConcat } from '../../../src/storage/azure/concat-plan.js';
import type { ConcatBlock, ConcatLimits } from '../../../src/storage/azure/concat-plan.js';
import { random } from '../parts/support.js';

const MIB = 1024 ** 2;
const SMALL: ConcatLimits = { block: 4, largest: 10, most: 5 };

/** What Azure would refuse of a plan, or what would make another blob of it. */
function faultsOf(plan: readonly ConcatBlock[], lengths: readonly number[], limits: ConcatLimits): string[] {
  const faults: string[] = [];
  const at = lengths.map(() => 0);
  let end = 0;
  for (const [index, { number, start, length, source, from }] of plan.entries()) {
    if (number !== index + 1 || start !== end) faults.push(`block ${index} is out of place`);
    if (source < (plan[index - 1]?.source ?? 0)) faults.push(`block ${index} is of a source before`);
    if (from !== at[source]) faults.push(`block ${index} begins at ${from} of source ${source}`);
    if (length <= 0 || length > limits.largest) faults.push(`block ${index} has ${length} bytes`);
    at[source] = from + length;
    end = start + length;
  }
  if (at.some((bytes, index) => bytes !== lengths[index])) faults.push('not all bytes');
  if (plan.length > limits.most) faults.push(`${plan.length} blocks`);
  return faults;
}

function refusal(lengths: readonly number[], limits?: ConcatLimits): unknown {
  try {
    return planConcat(lengths, limits);
  } catch (error) {
    return error;
  }
}

describe('the plan of a merge in Azure', () => {
  it('cuts each partial into blocks, and leaves those without bytes out', () => {
    expect(planConcat([9, 0, 4, 1], SMALL)).toEqual([
      { number: 1, start: 0, length: 4, source: 0, from: 0 },
      { number: 2, start: 4, length: 4, source: 0, from: 4 },
      { number: 3, start: 8, length: 1, source: 0, from: 8 },
      { number: 4, start: 9, length: 4, source: 2, from: 0 },
      { number: 5, start: 13, length: 1, source: 3, from: 0 },
    ]);
    expect(planConcat([0, 0], SMALL)).toEqual([]);
  });

  it('has larger blocks where there would be too many, up to the largest', () => {
    expect(planConcat([20, 20], SMALL).map(({ length }) => length)).toEqual([10, 10, 10, 10]);
    expect(planConcat([25], SMALL).map(({ length }) => length)).toEqual([8, 8, 8, 1]);
  });

  it.each([
    ['of the largest blocks too many', [51]],
    ['too many partials', [1, 1, 1, 1, 1, 1]],
  ])('is refused for %s', (_, lengths) => {
    const error = refusal(lengths, SMALL);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ kind: 'full', message: expect.stringContaining('6 blocks') });
  });

  it('copies a partial beyond 256 MiB in parallel, and one of 190 TiB by 50,000 blocks of 4,000 MiB', () => {
    expect(planConcat([256 * MIB]).map(({ length }) => length)).toEqual([256 * MIB]);
    expect(planConcat([256 * MIB + 1]).map(({ length }) => length)).toEqual([256 * MIB, 1]);
    const most = 50_000 * 4_000 * MIB;
    const plan = planConcat([most]);
    expect([plan.length, faultsOf(plan, [most], AZURE)]).toEqual([50_000, []]);
    expect(new Set(plan.map(({ length }) => length))).toEqual(new Set([4_000 * MIB]));
    expect(refusal([most, 1])).toMatchObject({ kind: 'full' });
  });

  it('covers all bytes in order by blocks that are legal, whatever the partials', () => {
    const next = random(1);
    for (let run = 0; run < 500; run++) {
      const lengths = Array.from({ length: Math.floor(next() * 20) }, () => Math.floor(next() * 40));
      const largest = 4 + Math.floor(next() * 20);
      const fewest = lengths.reduce((sum, length) => sum + Math.ceil(length / largest), 0);
      const limits = { block: 4, largest, most: fewest + Math.floor(next() * 20) };
      const plan = planConcat(lengths, limits);
      expect({ lengths, limits, faults: faultsOf(plan, lengths, limits) }).toEqual({
        ...{ lengths, limits },
        faults: [],
      });
    }
  });
});

describe('the blocks of a plan that are missing', () => {
  const plan = planConcat([9, 4], SMALL);
  const recorded = plan
    .slice(0, 3)
    .map(({ number, start, length }) => ({ number, start, length, epoch: 1, tail: false, tag: 'a' }));

  it('are those not on record, and those of a source that is another one by now', () => {
    expect(missingBlocks(plan, recorded, ['a', 'b'])).toEqual(plan.slice(3));
    expect(missingBlocks(plan, recorded, ['c', 'b'])).toEqual(plan);
  });

  it('are not known from the record of another plan', () => {
    expect(missingBlocks(planConcat([9, 4], { ...SMALL, block: 5 }), recorded, ['a', 'b'])).toBeUndefined();
    expect(missingBlocks(plan.slice(0, 2), recorded, ['a', 'b'])).toBeUndefined();
  });
});
