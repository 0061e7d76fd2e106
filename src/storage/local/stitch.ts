import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { StorageError } from '../../model/errors/storage.error.js';
import type { BlockWriter } from './block-writer.js';
import type { FileRange } from './working-files.js';

/** Bytes that are read and written at once; one such buffer for each copy that runs. */
const BLOCK_BYTES = 2 * 1024 * 1024;

/**
 * Copies ranges of files behind each other in one pass. Small ones share a write, so that a thousand of them cost a
 * thousand reads and few writes.
 * @throws StorageError of kind `missing` for a range that its file does not have, `unavailable` once aborted.
 */
export async function stitch(
  ranges: readonly FileRange[],
  target: BlockWriter,
  signal?: AbortSignal,
): Promise<void> {
  const total = ranges.reduce((sum, range) => sum + range.length, 0);
  const block = new Block(Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, total)), target, signal);
  for (const range of ranges) {
    if (range.length === 0) continue;
    const source = await open(range.path, 'r');
    try {
      await block.take(source, range);
    } finally {
      await source.close();
    }
  }
  await block.flush();
}

/** A buffer that is filled from one file after another, and written whenever it is full. */
class Block {
  private filled = 0;

  constructor(
    private readonly buffer: Buffer,
    private readonly target: BlockWriter,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async take(source: FileHandle, range: FileRange): Promise<void> {
    let taken = 0;
    while (taken < range.length) {
      if (this.signal?.aborted) throw new StorageError('unavailable', 'The copy was stopped.');
      const wanted = Math.min(range.length - taken, this.buffer.length - this.filled);
      const { bytesRead } = await source.read(this.buffer, this.filled, wanted, range.position + taken);
      if (bytesRead === 0) {
        throw new StorageError(
          'missing',
          `A file ends ${range.length - taken} bytes before what was stored.`,
        );
      }
      taken += bytesRead;
      this.filled += bytesRead;
      if (this.filled === this.buffer.length) await this.flush();
    }
  }

  async flush(): Promise<void> {
    await this.target.write([this.buffer.subarray(0, this.filled)]);
    this.filled = 0;
  }
}
