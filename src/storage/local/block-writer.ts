import { StorageError } from '../../model/errors/storage.error.js';
import type { FileCalls, WritableFile } from './file-calls.js';

export interface BlockWriterDeps {
  readonly calls: FileCalls;
  readonly handle: WritableFile;
  /** Where the first block goes. */
  readonly position: number;
}

/** Writes blocks behind each other, each whole, at positions of its own: no other writer can move them. */
export class BlockWriter {
  private written: number;

  constructor(private readonly deps: BlockWriterDeps) {
    this.written = deps.position;
  }

  /** Behind the last byte that was written; right also when a write has failed half way. */
  get position(): number {
    return this.written;
  }

  async write(buffers: readonly Buffer[]): Promise<void> {
    let rest = buffers.filter((buffer) => buffer.length > 0);
    while (rest.length > 0) {
      const count = await this.deps.calls.writev(this.deps.handle, rest, this.written);
      if (count === 0) throw new StorageError('unavailable', 'The file system took no bytes.');
      this.written += count;
      rest = behind(rest, count);
    }
  }
}

function behind(buffers: readonly Buffer[], count: number): Buffer[] {
  let skipped = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (skipped + buffer.length > count) {
      return [buffer.subarray(count - skipped), ...buffers.slice(index + 1)];
    }
    skipped += buffer.length;
  }
  return [];
}
