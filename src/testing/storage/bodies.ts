import { KIB, MIB } from './bytes.js';

/** A body as an append gets it, seen from the side that sends. */
export interface Body extends AsyncIterable<readonly Buffer[]> {
  /** Bytes that the storage has got so far. */
  readonly handed: number;
  /** The batch that it got last. */
  readonly newest: readonly Buffer[] | undefined;
}

/** In which pieces a body comes; each list is gone through again and again. */
export interface Pieces {
  /** Bytes of chunks. */
  readonly chunks: readonly number[];
  /** Chunks of batches. */
  readonly batches: readonly number[];
}

/** Like a fast connection. */
export const EVEN: Pieces = { chunks: [64 * KIB], batches: [16] };
export const ODD: Pieces = {
  chunks: [1, 64 * KIB, 17, 0, 3_001, 64 * KIB - 1, MIB + 7, 131_072],
  batches: [1, 7, 3, 16],
};

/** Gives bytes in pieces that are memory of their own, and ends. */
export class SentBody implements Body {
  handed = 0;
  newest: readonly Buffer[] | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly pieces: Pieces = EVEN,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[]> {
    const { chunks, batches } = this.pieces;
    let chunk = 0;
    for (let at = 0, batch = 0; at < this.bytes.length; batch += 1) {
      const made: Buffer[] = [];
      for (let left = batches[batch % batches.length] ?? 1; left > 0; left -= 1) {
        const size = chunks[chunk++ % chunks.length] ?? KIB;
        made.push(Buffer.from(this.bytes.subarray(at, at + size)));
        at += size;
      }
      yield this.hand(made);
    }
  }

  private hand(batch: readonly Buffer[]): readonly Buffer[] {
    this.newest = batch;
    this.handed += batch.reduce((sum, { length }) => sum + length, 0);
    return batch;
  }
}

/** Gives what it is fed, and waits in between. */
export class FedBody implements Body {
  handed = 0;
  newest: readonly Buffer[] | undefined;
  private readonly queue: Buffer[] = [];
  private ended = false;
  private left = false;
  private wake: (() => void) | undefined;
  private readonly watchers: (() => void)[] = [];

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += MIB) this.queue.push(Buffer.from(bytes.subarray(at, at + MIB)));
    this.wake?.();
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Resolves when the storage has come back for more than it was fed, or has left. */
  async drained(): Promise<void> {
    if (this.left || (this.wake && this.queue.length === 0)) return;
    await new Promise<void>((resolve) => this.watchers.push(resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[]> {
    try {
      for (;;) {
        const next = this.queue.shift();
        if (next) {
          this.newest = [next];
          this.handed += next.length;
          yield this.newest;
        } else if (this.ended) return;
        else await this.more();
      }
    } finally {
      this.left = true;
      this.tell();
    }
  }

  private async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.tell();
    });
    this.wake = undefined;
  }

  private tell(): void {
    for (const watcher of this.watchers.splice(0)) watcher();
  }
}

/** Never ends by itself, whatever its reader is told. */
export class EndlessBody implements Body {
  handed = 0;
  newest: readonly Buffer[] | undefined;

  /** @param onBatch - called with how many were handed over before */
  constructor(
    private readonly bytes: Buffer,
    private readonly onBatch: (count: number) => void,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[]> {
    for (let count = 0; this.handed < this.bytes.length; count += 1) {
      this.onBatch(count);
      const batch = [Buffer.from(this.bytes.subarray(this.handed, this.handed + 256 * KIB))];
      this.newest = batch;
      this.handed += batch[0]?.length ?? 0;
      yield batch;
    }
    throw new Error('The storage never left a body that it was told to leave.');
  }
}
