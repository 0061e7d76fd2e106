import type { Readable } from 'node:stream';
import type { FileSource, SliceResult } from 'tus-js-client';
import { TusProtocolError } from '../errors/protocol.error.js';
import { UploadSourceError } from '../errors/source.error.js';
import type { Chunk } from '../http/body.js';
import { checksumOf, type ClientChecksum } from './digest.js';
import { inMemory } from './file-part.js';

/**
 * Gives tus-js-client the chunks of a stream. The last one is kept until the server has it, and one piece more is read
 * than it needs, to know whether it is the last one: tus-js-client's own reader waits for ever where a stream ends with
 * a full chunk.
 */
export class StreamPart implements FileSource {
  readonly size: number;
  private readonly pieces: AsyncIterator<Buffer | string>;
  private held: Buffer = Buffer.alloc(0);
  private from = 0;
  private ended = false;
  /** Bytes that were given so far. */
  private given = 0;

  constructor(
    stream: Readable,
    /** Bytes; null if nobody has said. */
    private readonly announced: number | null,
    private readonly checksum: ClientChecksum | undefined,
  ) {
    // What tus-js-client takes for "not known", its types do not know.
    this.size = announced as number;
    this.pieces = stream[Symbol.asyncIterator]();
  }

  async slice(start: number, end: number): Promise<SliceResult> {
    if (start < this.from) {
      throw new UploadSourceError(`The server wants byte ${start} again, which a stream cannot give twice.`);
    }
    if (start > this.given) {
      throw new TusProtocolError(`The server has ${start} bytes, and was sent ${this.given}.`);
    }
    await this.hold(start, end);
    const bytes = this.held.subarray(0, end - start);
    const more = this.held.length > bytes.length;
    if (more && end === this.announced) {
      throw new UploadSourceError(
        `The stream has more than the ${this.announced} bytes that were announced.`,
      );
    }
    const last = start + bytes.length;
    this.given = Math.max(this.given, last);
    if (!more && this.announced !== null && last < this.announced) {
      throw new UploadSourceError(
        `The stream ended after ${last} of the ${this.announced} bytes that were announced.`,
      );
    }
    return { value: await this.chunk(bytes), done: !more };
  }

  close(): void {
    // Whoever was given the stream destroys it.
  }

  private async chunk(bytes: Buffer): Promise<Chunk> {
    const body = inMemory(bytes);
    return this.checksum ? { ...body, checksum: await checksumOf(this.checksum, body) } : body;
  }

  /** Drops what lies before `start`, and reads until a byte behind `end` is there, or the stream has ended. */
  private async hold(start: number, end: number): Promise<void> {
    const kept = [this.held.subarray(start - this.from)];
    let size = kept[0]?.length ?? 0;
    while (!this.ended && size <= end - start) {
      const piece = await this.next();
      if (!piece) break;
      kept.push(piece);
      size += piece.length;
    }
    this.held = kept.length === 1 && kept[0] ? kept[0] : Buffer.concat(kept);
    this.from = start;
  }

  private async next(): Promise<Buffer | undefined> {
    const step = await this.pieces.next().catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UploadSourceError(`The stream failed: ${reason.replace(/\.$/, '')}.`, { cause });
    });
    this.ended = step.done ?? false;
    if (step.done) return undefined;
    return typeof step.value === 'string' ? Buffer.from(step.value) : step.value;
  }
}
