import type { FileSource, SliceResult } from 'tus-js-client';
import { TusProtocolError } from '../errors/protocol.error.js';
import type { Body, Chunk } from '../http/body.js';
import { checksumOf, type ClientChecksum } from './digest.js';
import type { LocalFile } from './local-file.js';

export interface FilePartOptions {
  readonly file: LocalFile;
  /** Where the part begins and ends in the file. */
  readonly start: number;
  readonly end: number;
  /** Bytes of the part after which nothing more is given. */
  readonly stopAt?: number | undefined;
  /** Called when more is asked for, with what the server has. */
  readonly onStop?: (offset: number) => void;
  readonly checksum?: ClientChecksum | undefined;
  /** A chunk up to this size is read once, hashed and sent from memory; a larger one is read twice. */
  readonly memory: number;
}

/** Gives tus-js-client the chunks of a range of a file. */
export class FilePart implements FileSource {
  readonly size: number;
  private spare: Buffer | undefined;

  constructor(private readonly options: FilePartOptions) {
    this.size = options.end - options.start;
  }

  async slice(start: number, end: number): Promise<SliceResult> {
    const { stopAt = Infinity, onStop } = this.options;
    if (start > this.size) throw new TusProtocolError(`The server has ${start} of ${this.size} bytes.`);
    if (start >= stopAt) {
      onStop?.(start);
      // The upload is left here: nobody waits for more.
      return new Promise<never>(() => undefined);
    }
    const to = Math.min(end, this.size, stopAt);
    return { value: await this.chunk(start, to), done: to === this.size };
  }

  close(): void {
    // The file is shared by all parts; whoever opened it closes it.
  }

  private async chunk(from: number, to: number): Promise<Chunk> {
    const { file, checksum, memory } = this.options;
    const [start, end] = [this.options.start + from, this.options.start + to];
    const read = to === this.size ? () => this.last(start, end) : () => file.read(start, end);
    const onDisk: Body = { size: end - start, read };
    if (!checksum) return onDisk;
    if (onDisk.size <= memory) return this.held(start, end, checksum);
    return { ...onDisk, checksum: await checksumOf(checksum, onDisk) };
  }

  /** Ends before the last piece is sent if the file has changed, so that the server never has all of a torn one. */
  private async *last(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    const { file } = this.options;
    let at = start;
    for await (const piece of file.read(start, end)) {
      at += piece.length;
      if (at === end) await file.checkUnchanged();
      yield piece;
    }
  }

  /** A chunk in memory that is used again for the next one, if all of this one has left the process by then. */
  private async held(start: number, end: number, checksum: ClientChecksum): Promise<Chunk> {
    const size = end - start;
    const memory = this.spare && this.spare.length >= size ? this.spare : Buffer.allocUnsafeSlow(size);
    this.spare = undefined;
    const bytes = memory.subarray(0, size);
    await this.options.file.load(bytes, start);
    if (end === this.options.end) await this.options.file.checkUnchanged();
    const body = inMemory(bytes, () => {
      this.spare = memory;
    });
    return { ...body, checksum: await checksumOf(checksum, inMemory(bytes)) };
  }
}

/** A body of bytes that are there. `done` is called when they were sent, or never will be. */
export function inMemory(bytes: Buffer, done?: () => void): Body {
  return {
    size: bytes.length,
    async *read() {
      try {
        for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
      } finally {
        done?.();
      }
    },
  };
}

/** Small enough for progress to be told in between. */
const PIECE = 256 * 1024;
