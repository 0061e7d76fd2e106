import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';

/** Bytes that one read of the file brings at most. */
const READ_BYTES = 256 * 1024;

/** A temporary file for a part that finds no memory. It has no name, so that a crash leaves nothing behind. */
export class SpillFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private named: boolean,
  ) {}

  /** @throws StorageError of kind `unavailable` */
  static async open(folder: string): Promise<SpillFile> {
    const path = join(folder, `nestjs-tus-part-${randomUUID()}`);
    const handle = await open(path, 'wx+', 0o600).catch(refuse);
    // Where an open file cannot be removed it keeps its name until it is closed.
    const named = await rm(path).then(
      () => false,
      () => true,
    );
    return new SpillFile(path, handle, named);
  }

  /** Writes all of the buffers behind each other. @throws StorageError of kind `unavailable` */
  async write(buffers: readonly Buffer[], position: number): Promise<void> {
    let at = position;
    for (const buffer of buffers) {
      for (let done = 0; done < buffer.length;) {
        const left = buffer.length - done;
        const { bytesWritten } = await this.handle.write(buffer, done, left, at).catch(refuse);
        done += bytesWritten;
        at += bytesWritten;
      }
    }
  }

  /** The first `length` bytes. It may be read any number of times. */
  stream(length: number): Readable {
    return Readable.from(this.chunks(length), { objectMode: false });
  }

  /** Never rejects: nobody needs the bytes any more. */
  async close(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    if (this.named) await rm(this.path, { force: true }).catch(() => undefined);
  }

  private async *chunks(length: number): AsyncGenerator<Buffer, void> {
    for (let position = 0; position < length;) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, length - position));
      const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, position).catch(refuse);
      if (bytesRead === 0) throw new StorageError('unavailable', 'A temporary file has lost bytes.');
      yield chunk.subarray(0, bytesRead);
      position += bytesRead;
    }
  }
}

function refuse(error: unknown): never {
  throw new StorageError('unavailable', 'A temporary file for a part could not be used.', { cause: error });
}
