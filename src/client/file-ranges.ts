import { createReadStream, type ReadStream } from 'node:fs';
import type { FileReader, FileSource, SliceResult } from 'tus-js-client';

/** A range of a file, from `start` up to but not including `end`. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** True if it is cut into ranges that are uploaded on their own, so that a slice of it is not read itself. */
  readonly split: boolean;
}

/**
 * Reads a file for tus-js-client. Its own reader opens a descriptor for each range that it never reads, ends the
 * process when reading fails, and waits for ever when the file has become shorter.
 */
export class FileRanges implements FileReader {
  private readonly open = new Set<ReadStream>();

  constructor(private readonly onReadError: (error: Error) => void) {}

  async openFile(range: FileRange): Promise<FileSource> {
    return {
      size: range.end - range.start,
      slice: async (start, end) => this.slice(range, start, end),
      // Each stream closes itself when it ends, and `close` closes what is left.
      close: () => undefined,
    };
  }

  /** Closes every stream that is still open. */
  close(): void {
    for (const stream of this.open) stream.destroy();
  }

  private slice(range: FileRange, start: number, end: number): SliceResult {
    const to = Math.min(range.start + end, range.end);
    const part: FileRange = { path: range.path, start: range.start + start, end: to, split: false };
    return { value: range.split ? part : this.stream(part), done: to === range.end };
  }

  private stream(range: FileRange): ReadStream & { size: number } {
    const size = range.end - range.start;
    const stream = createReadStream(range.path, { start: range.start, end: range.end - 1 });
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    stream.once('error', this.onReadError);
    stream.once('end', () => {
      if (stream.bytesRead < size) this.onReadError(new Error('the file became shorter while it was read'));
    });
    // tus-js-client takes the length of the body from this property.
    return Object.assign(stream, { size });
  }
}
