import type { FileRange } from './working-files.js';

/** What a block takes from one file. */
export interface Piece extends FileRange {
  /** Where it begins in the block. */
  readonly at: number;
}

/** Bytes that are written at once, and where they come from. */
export interface Block {
  readonly pieces: readonly Piece[];
  readonly length: number;
}

/** Cuts ranges that lie behind each other into blocks, each full but the last. Ranges without bytes are left out. */
export function* blocksOf(ranges: readonly FileRange[], blockBytes: number): Generator<Block> {
  let pieces: Piece[] = [];
  let filled = 0;
  for (const { path, position, length } of ranges) {
    for (let taken = 0; taken < length;) {
      const part = Math.min(length - taken, blockBytes - filled);
      pieces.push({ path, position: position + taken, length: part, at: filled });
      taken += part;
      filled += part;
      if (filled < blockBytes) continue;
      yield { pieces, length: filled };
      pieces = [];
      filled = 0;
    }
  }
  if (filled > 0) yield { pieces, length: filled };
}
