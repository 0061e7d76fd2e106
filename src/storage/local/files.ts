import fs, { closeSync, constants } from 'node:fs';
import { promisify } from 'node:util';

const call = {
  open: promisify(fs.open),
  fdatasync: promisify(fs.fdatasync),
  fstat: promisify(fs.fstat),
  close: promisify(fs.close),
  link: promisify(fs.link),
  unlink: promisify(fs.unlink),
};

export interface PlacedRead {
  readonly at: number;
  readonly length: number;
  readonly position: number;
}

/**
 * A file that is read or written: a FileHandle takes about twice the time of the main thread. How many bytes were read or
 * written is taken from the callback: where a tool has wrapped `fs`, `promisify` may answer in another form.
 */
export class OpenFile {
  private dirty = false;

  constructor(
    readonly fd: number,
    private readonly durable: boolean,
  ) {}

  async writev(buffers: Buffer[], position: number): Promise<{ readonly bytesWritten: number }> {
    this.dirty = !this.durable;
    return new Promise((resolve, reject) => {
      fs.writev(this.fd, buffers, position, (error, bytesWritten) =>
        error ? reject(error) : resolve({ bytesWritten }),
      );
    });
  }

  /** Reads up to `length` bytes from `position` on into `buffer` at `at`. */
  async read(buffer: Buffer, { at, length, position }: PlacedRead): Promise<{ readonly bytesRead: number }> {
    return new Promise((resolve, reject) => {
      fs.read(this.fd, buffer, at, length, position, (error, bytesRead) =>
        error ? reject(error) : resolve({ bytesRead }),
      );
    });
  }

  async datasync(): Promise<void> {
    await call.fdatasync(this.fd);
    this.dirty = false;
  }

  async stat(): Promise<{ readonly size: number }> {
    return call.fstat(this.fd);
  }

  async close(): Promise<void> {
    // With all bytes on the disk there is nothing to wait for.
    if (this.dirty) await call.close(this.fd);
    else closeSync(this.fd);
  }
}

/** The calls that each upload makes; tests replace them. */
export const files = {
  async open(path: string, flags: string | number): Promise<OpenFile> {
    const durable = typeof flags === 'number' && (flags & constants.O_DSYNC) !== 0;
    return new OpenFile(await call.open(path, flags), durable);
  },
  link: (existing: string, path: string): Promise<void> => call.link(existing, path),
  unlink: (path: string): Promise<void> => call.unlink(path),
};
