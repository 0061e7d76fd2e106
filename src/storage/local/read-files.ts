import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { StorageError } from '../../model/errors/storage.error.js';
import { storageFailure } from './storage-failure.js';
import { checkSize } from './working-files.js';
import type { FileRange } from './working-files.js';

const CHUNK_BYTES = 64 * 1024;

interface OpenRange {
  readonly handle: FileHandle;
  readonly position: number;
  readonly length: number;
}

/**
 * A stream of the ranges behind each other. Every file is opened, and known to be long enough, before the stream is
 * handed out; all are closed when it emits `close`.
 */
export async function readFiles(ranges: readonly FileRange[]): Promise<Readable> {
  const files: OpenRange[] = [];
  try {
    for (const { path, position, length } of ranges) {
      const handle = await open(path, 'r');
      files.push({ handle, position, length });
      checkSize((await handle.stat()).size, position + length);
    }
  } catch (error) {
    await closeAll(files);
    throw error;
  }
  return new FilesStream(files);
}

class FilesStream extends Readable {
  private readonly rest: OpenRange[];
  /** Bytes of the first of the rest that were read. */
  private done = 0;

  constructor(private readonly files: readonly OpenRange[]) {
    super({ highWaterMark: CHUNK_BYTES });
    this.rest = files.filter((file) => file.length > 0);
  }

  override _read(): void {
    this.next().then(
      (chunk) => this.push(chunk),
      (error: unknown) => this.destroy(storageFailure(error, 'a stored file') as Error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Nothing was written, so an error of closing can lose nothing.
    callbackify(() => closeAll(this.files))(() => callback(error));
  }

  private async next(): Promise<Buffer | null> {
    const file = this.rest[0];
    if (!file) return null;
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.length - this.done));
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, file.position + this.done);
    if (bytesRead === 0) throw new StorageError('missing', 'A file became shorter while it was read.');
    this.done += bytesRead;
    if (this.done === file.length) {
      this.rest.shift();
      this.done = 0;
    }
    return buffer.subarray(0, bytesRead);
  }
}

async function closeAll(files: readonly OpenRange[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}
