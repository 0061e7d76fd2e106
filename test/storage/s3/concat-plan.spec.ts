import { describe, expect, it } from '@jest/globals';
import { AMAZON, planConcat } from '../../../src/storage/s3/concat-plan.js';
import type { ConcatLimits, Piece, PlannedPart } from '../../../src/storage/s3/concat-plan.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const piecesOf = (part: PlannedPart): readonly Piece[] => ('copy' in part ? [part.copy] : part.stream);
const bytesOf = (part: PlannedPart): number => piecesOf(part).reduce((sum, { length }) => sum + length, 0);
const streamed = (plan: readonly PlannedPart[]): number =>
  plan.filter((part) => 'stream' in part).reduce((sum, part) => sum + bytesOf(part), 0);

/** What a store would refuse of a plan, or what would make another object of it. */
function faultsOf(plan: readonly PlannedPart[], lengths: readonly number[], limits: ConcatLimits): string[] {
  const faults: string[] = [];
  const at = lengths.map(() => 0);
  let source = 0;
  for (const piece of plan.flatMap(piecesOf)) {
    while (source < piece.source && at[source] === lengths[source]) source++;
    if (piece.source !== source || piece.start !== at[source])
      faults.push(`out of place: ${JSON.stringify(piece)}`);
    if (piece.length <= 0) faults.push('an empty piece');
    at[piece.source] = piece.start + piece.length;
  }
  if (at.some((end, index) => end !== lengths[index])) faults.push('not all bytes');
  if (plan.length > limits.maxParts) faults.push(`${plan.length} parts`);
  for (const [index, part] of plan.entries()) {
    const [bytes, last] = [bytesOf(part), index === plan.length - 1];
    if (!last && bytes < limits.minPart) faults.push(`part ${index} has ${bytes} bytes`);
    if (!last && limits.equalParts !== undefined && bytes !== limits.equalParts)
      faults.push(`part ${index} differs`);
    if (bytes > (limits.equalParts ?? limits.maxPart)) faults.push(`part ${index} has ${bytes} bytes`);
    if (!('copy' in part)) continue;
    const length = lengths[part.copy.source] ?? 0;
    if (part.whole !== (part.copy.length === length))
      faults.push(`part ${index} takes a range for the whole`);
    if (!part.whole && length <= limits.minPart) faults.push(`part ${index} takes a range of a small source`);
  }
  return faults;
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SIZES = [
  0,
  1,
  1000,
  5 * MIB - 1,
  5 * MIB,
  5 * MIB + 1,
  6 * MIB,
  10 * MIB,
  64 * MIB,
  5 * GIB,
  5 * GIB + 1,
  12 * GIB,
];

describe('the plan of a merge in S3', () => {
  it('copies each partial of 5 MiB and more whole, by one request', () => {
    const lengths = [5 * MIB, 256 * MIB, 5 * GIB, 8 * MIB];
    expect(planConcat(lengths)).toEqual(
      lengths.map((length, source) => ({ copy: { source, start: 0, length }, whole: true })),
    );
  });

  it('copies a small last partial too, and the only one', () => {
    expect(planConcat([8 * MIB, 1]).at(-1)).toEqual({
      copy: { source: 1, start: 0, length: 1 },
      whole: true,
    });
    expect(planConcat([0, 3, 0])).toEqual([{ copy: { source: 1, start: 0, length: 3 }, whole: true }]);
  });

  it('streams a small partial with the first bytes of the next, and copies the rest of that', () => {
    expect(planConcat([MIB, 20 * MIB])).toEqual([
      {
        stream: [
          { source: 0, start: 0, length: MIB },
          { source: 1, start: 0, length: 4 * MIB },
        ],
      },
      { copy: { source: 1, start: 4 * MIB, length: 16 * MIB }, whole: false },
    ]);
  });

  it('takes no range from a partial of 5 MiB or less', () => {
    const plan = planConcat([MIB, 5 * MIB]);
    expect(plan).toHaveLength(1);
    expect(streamed(plan)).toBe(6 * MIB);
  });

  it('cuts a partial beyond 5 GiB into ranges of about the same size', () => {
    const plan = planConcat([12 * GIB]);
    expect(plan.map(bytesOf)).toEqual([4 * GIB, 4 * GIB, 4 * GIB]);
    expect(streamed(plan)).toBe(0);
  });

  it('of empty partials has no part', () => {
    expect(planConcat([])).toEqual([]);
    expect(planConcat([0, 0])).toEqual([]);
  });

  it('puts neighbours together where there are more partials than parts', () => {
    const lengths = Array<number>(10_001).fill(5 * MIB);
    const plan = planConcat(lengths);
    expect(faultsOf(plan, lengths, AMAZON)).toEqual([]);
  });

  it('takes ten thousand tiny partials', () => {
    const lengths = Array<number>(10_000).fill(1);
    expect(planConcat(lengths)).toHaveLength(1);
  });

  it('is refused where no number of parts can hold so many bytes', () => {
    expect(() => planConcat(Array<number>(11).fill(5 * GIB), { ...AMAZON, maxParts: 10 })).toThrow(
      RangeError,
    );
    expect(() => planConcat([21 * MIB], { ...AMAZON, maxParts: 4, equalParts: 5 * MIB })).toThrow(RangeError);
  });

  it.each<[string, ConcatLimits]>([
    ['Amazon', AMAZON],
    ['a store of 1,000 parts', { ...AMAZON, maxParts: 1_000 }],
    ['a store that wants equal parts', { ...AMAZON, equalParts: 5 * MIB + 3 }],
  ])('covers all bytes in order by parts that are legal for %s, whatever the partials', (_title, limits) => {
    const next = random(1);
    const pick = () => {
      const size = SIZES[Math.floor(next() * SIZES.length)] ?? 0;
      return next() < 0.7 ? size : Math.floor(next() * size);
    };
    for (let run = 0; run < 500; run++) {
      const capacity = (limits.equalParts ?? limits.maxPart) * limits.maxParts;
      const lengths = Array.from({ length: Math.floor(next() ** 3 * 300) }, pick);
      while (lengths.reduce((sum, length) => sum + length, 0) > capacity) lengths.pop();
      const plan = planConcat(lengths, limits);
      expect({ lengths, faults: faultsOf(plan, lengths, limits) }).toEqual({ lengths, faults: [] });
    }
  });

  it('streams nothing but what no copy can carry: at most 10 MiB for each small partial', () => {
    const next = random(2);
    for (let run = 0; run < 500; run++) {
      const lengths = Array.from({ length: 20 }, () => Math.floor(next() * (next() < 0.3 ? 5 : 50) * MIB));
      const small = lengths.filter((length) => length > 0 && length < 5 * MIB).length;
      expect(streamed(planConcat(lengths))).toBeLessThan(small * 10 * MIB + 1);
    }
  });
});
