import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';

const MIB = 1024 * 1024;

/** What Azure allows for one blob, and how it is used. */
export interface ConcatLimits {
  /** Bytes of a block unless there would be too many of them: some, so that a large partial is copied in parallel. */
  readonly block: number;
  /** Bytes of a block at most. */
  readonly largest: number;
  /** Blocks of a blob at most. */
  readonly most: number;
}

export const AZURE: ConcatLimits = { block: 256 * MIB, largest: 4000 * MIB, most: 50_000 };

/** A range of one source, which becomes a block of the final. */
export interface ConcatBlock {
  readonly number: number;
  /** Where its bytes begin in the final. */
  readonly start: number;
  readonly length: number;
  /** The place of its source in the list. */
  readonly source: number;
  /** Where its bytes begin in the source. */
  readonly from: number;
}

/**
 * Cuts the sources of a final, which lie behind each other, into blocks; sources without bytes are left out. The same
 * sources always give the same blocks, so that one which is on record need not be copied again.
 * @param lengths - bytes of each source, in order
 * @throws StorageError of kind `full` if no blob can hold them
 */
export function planConcat(lengths: readonly number[], limits: ConcatLimits = AZURE): ConcatBlock[] {
  let size = limits.block;
  while (count(lengths, size) > limits.most && size < limits.largest)
    size = Math.min(2 * size, limits.largest);
  const needed = count(lengths, size);
  if (needed > limits.most) {
    const message = `The final needs ${needed} blocks, and Azure has ${limits.most} for a blob.`;
    throw new StorageError('full', message);
  }
  const blocks: ConcatBlock[] = [];
  let start = 0;
  for (const [source, bytes] of lengths.entries()) {
    for (let from = 0; from < bytes;) {
      const length = Math.min(size, bytes - from);
      blocks.push({ number: blocks.length + 1, start, length, source, from });
      start += length;
      from += length;
    }
  }
  return blocks;
}

/**
 * Those that are not on record yet; undefined if the record is of another plan, made with other limits.
 * @param tags - what is on record of a block, by its source: with another one it was copied from what is no more
 */
export function missingBlocks(
  blocks: readonly ConcatBlock[],
  recorded: readonly Part[],
  tags: readonly string[],
): readonly ConcatBlock[] | undefined {
  const planned = new Map(blocks.map((block) => [block.number, block]));
  const fits = ({ number, start, length }: Part) =>
    planned.get(number)?.start === start && planned.get(number)?.length === length;
  if (!recorded.every(fits)) return undefined;
  const stored = new Map(recorded.map(({ number, tag }) => [number, tag]));
  return blocks.filter(({ number, source }) => stored.get(number) !== tags[source]);
}

function count(lengths: readonly number[], size: number): number {
  return lengths.reduce((sum, length) => sum + Math.ceil(length / size), 0);
}
