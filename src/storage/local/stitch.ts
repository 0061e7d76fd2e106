import { StorageError } from '../../model/errors/storage.error.js';
import type { BlockWriter } from './block-writer.js';
import { blocksOf } from './blocks.js';
import type { Block, Piece } from './blocks.js';
import { files } from './files.js';
import type { OpenFile } from './files.js';
import type { FileRange } from './working-files.js';

/** Bytes that are written at once. While one block is written the next is read: two buffers for each copy that runs. */
const BLOCK_BYTES = 2 * 1024 * 1024;

/** Files that are read at once: of small ones the way to a thread and back takes longer than the bytes. */
const READERS = 8;

/**
 * Copies ranges of files behind each other in one pass. Small ones share a write.
 * @throws StorageError of kind `missing` for a range that its file does not have, `unavailable` once aborted.
 */
export async function stitch(
  ranges: readonly FileRange[],
  target: BlockWriter,
  signal?: AbortSignal,
): Promise<void> {
  const total = ranges.reduce((sum, range) => sum + range.length, 0);
  const size = Math.min(BLOCK_BYTES, total);
  let [buffer, other] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  let writing = Promise.resolve();
  const large = new LargeFile();
  try {
    for (const block of blocksOf(ranges, size)) {
      await ended([fill(buffer, block, { large, signal }), writing]);
      writing = target.write([buffer.subarray(0, block.length)]);
      [buffer, other] = [other, buffer];
    }
    await writing;
  } finally {
    await large.close();
  }
}

interface Copy {
  readonly large: LargeFile;
  readonly signal: AbortSignal | undefined;
}

/** The file that fills several blocks: it is opened once. */
class LargeFile {
  private opened: { readonly path: string; readonly file: OpenFile } | undefined;

  async open(path: string): Promise<OpenFile> {
    if (this.opened?.path === path) return this.opened.file;
    await this.close();
    const file = await files.open(path, 'r');
    this.opened = { path, file };
    return file;
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.file.close();
  }
}

async function fill(buffer: Buffer, { pieces }: Block, { large, signal }: Copy): Promise<void> {
  const [first, ...others] = pieces;
  if (first && others.length === 0) return readPiece(await large.open(first.path), buffer, first, signal);
  const rest = pieces.values();
  const reader = async () => {
    for (const piece of rest) await readSmall(buffer, piece, signal);
  };
  await ended(Array.from({ length: Math.min(READERS, pieces.length) }, reader));
}

async function readSmall(buffer: Buffer, piece: Piece, signal: AbortSignal | undefined): Promise<void> {
  const file = await files.open(piece.path, 'r');
  try {
    await readPiece(file, buffer, piece, signal);
  } finally {
    await file.close();
  }
}

async function readPiece(
  file: OpenFile,
  buffer: Buffer,
  { position, length, at }: Piece,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) throw new StorageError('unavailable', 'The copy was stopped.');
  for (let taken = 0; taken < length;) {
    const rest = { at: at + taken, length: length - taken, position: position + taken };
    const { bytesRead } = await file.read(buffer, rest);
    if (bytesRead === 0) {
      throw new StorageError('missing', `A file ends ${length - taken} bytes before what was stored.`);
    }
    taken += bytesRead;
  }
}

/** Waits for all, so that none uses a buffer or a file behind the failure of another; then throws the first. */
async function ended(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
