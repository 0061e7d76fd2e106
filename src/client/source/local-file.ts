import { open, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UploadSourceError } from '../errors/source.error.js';

const READ_SIZE = 256 * 1024;

/** A file that is open for as long as it is uploaded, and what tells it from itself after a change. */
export class LocalFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    /**
     * Size, and the times of the last change of content and of status, in nanoseconds. Programs set the first time back
     * (`touch`, `cp -p`), but the operating system sets the second one itself, whenever a byte is written.
     */
    readonly version: string,
    private readonly state: { readonly handle: FileHandle; readonly content: string },
  ) {}

  /** @throws UploadSourceError if there is no file that can be read. */
  static async open(path: string): Promise<LocalFile> {
    const whole = resolve(path);
    const handle = await open(whole, 'r').catch((error: NodeJS.ErrnoException) => {
      throw unreadable(whole, error);
    });
    try {
      const { size, version, content, isFile } = await look(whole, handle);
      if (!isFile) throw new UploadSourceError(`${whole} is not a file.`);
      return new LocalFile(whole, size, version, { handle, content });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Being renamed or replaced by another file is no change: the one that is open is read.
   * @throws UploadSourceError if it was written to since it was opened, or cannot be looked at.
   */
  async checkUnchanged(): Promise<void> {
    const { content } = await look(this.path, this.state.handle);
    if (content !== this.state.content)
      throw new UploadSourceError(`${this.path} changed while it was uploaded.`, { changed: true });
  }

  /**
   * The bytes from `start` up to but not including `end`; a piece is valid until the next one is asked for.
   * @throws UploadSourceError if the file has become shorter, or cannot be read.
   */
  async *read(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    const size = Math.min(READ_SIZE, end - start);
    let [next, spare] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
    // One is filled while the other is sent.
    let filling = this.ahead(next, start, end);
    try {
      for (let at = start; at < end;) {
        const piece = await filling;
        at += piece.length;
        [next, spare] = [spare, next];
        if (at < end) filling = this.ahead(next, at, end);
        yield piece;
      }
    } finally {
      await filling.catch(() => undefined);
    }
  }

  /** Fills memory with the bytes from `start` on. */
  async load(memory: Buffer, start: number): Promise<void> {
    const end = start + memory.length;
    for (let at = start; at < end;) at += (await this.fill(memory.subarray(at - start), at, end)).length;
  }

  async close(): Promise<void> {
    await this.state.handle.close();
  }

  /** Nobody may hold the promise yet when it fails: it waits for a piece that is still being sent. */
  private ahead(buffer: Buffer, at: number, end: number): Promise<Buffer> {
    const filling = this.fill(buffer, at, end);
    filling.catch(() => undefined);
    return filling;
  }

  private async fill(buffer: Buffer, at: number, end: number): Promise<Buffer> {
    const wanted = Math.min(buffer.length, end - at);
    const { bytesRead } = await this.state.handle.read(buffer, 0, wanted, at).catch((error: unknown) => {
      throw unreadable(this.path, error as NodeJS.ErrnoException);
    });
    if (bytesRead === 0) {
      throw new UploadSourceError('The upload failed: the file became shorter while it was read.', {
        changed: true,
      });
    }
    return buffer.subarray(0, bytesRead);
  }
}

async function look(path: string, handle: FileHandle) {
  const found = await handle.stat({ bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error as NodeJS.ErrnoException);
  });
  const content = `${found.size}-${found.mtimeNs}`;
  return {
    size: Number(found.size),
    version: `${content}-${found.ctimeNs}`,
    content,
    isFile: found.isFile(),
  };
}

function unreadable(path: string, cause: NodeJS.ErrnoException): UploadSourceError {
  const text =
    cause.code === 'ENOENT'
      ? `There is no file ${path}.`
      : `The file ${path} cannot be read: ${cause.message}.`;
  return new UploadSourceError(text, { cause });
}
