import type { Readable } from 'node:stream';
import { BodyBudget } from './body-budget.js';
import { readByNobodyElse } from './chunk-memory.js';
import type { ChunkMemory } from './chunk-memory.js';

/**
 * - `ended`: all of it arrived. `interrupted`: it was cut off. `idle`: the client sent nothing for too long.
 * - `overflow`: it was longer than it may be. `stopped`: the lock was given up, the rest was not read.
 */
export type BodyOutcome = 'ended' | 'interrupted' | 'idle' | 'overflow' | 'stopped';

/** Bytes that are gathered before they are handed on, so that a write is worth its price. */
const BATCH_BYTES = 1024 * 1024;
/** Chunks in a batch: as many as one vectored write takes. */
const BATCH_CHUNKS = 1024;

export interface UploadBodyOptions {
  /** Bytes that the body may have at most. */
  readonly limit: number;
  /** The body does not say its length: what reaches the limit counts only once it has ended there (CORE-16). */
  readonly lengthUnknown: boolean;
  /** Milliseconds without a byte before the client is given up; 0 waits for ever. */
  readonly idleMilliseconds: number;
  /** Where the bytes count that are kept in memory. Default: there is room for all. */
  readonly budget?: BodyBudget;
  /** Frees what the consumer has no more need of. Default: that is left to the garbage collector. */
  readonly memory?: ChunkMemory | undefined;
  /** Called when the first bytes are wanted. */
  readonly onWanted?: () => void;
}

/**
 * The bytes of one request in batches. The next batch fills while the consumer works on one; then the source pauses.
 * Where the budget is used up batches are what is there, and the source waits until others have written. Iterating
 * never throws: how the body ended is its `outcome`.
 */
export class UploadBody implements AsyncIterableIterator<readonly Buffer[]> {
  outcome: BodyOutcome | undefined;
  private filling: Buffer[] = [];
  private size = 0;
  /** What the consumer works on. */
  private batch: readonly Buffer[] | undefined;
  /** Bytes that the consumer works on. */
  private handed = 0;
  private readonly budget: BodyBudget;
  private received = 0;
  private started = false;
  /** Whether anybody else may hold a chunk. */
  private shared = false;
  private lastByteAt = 0;
  private waiting: ((result: IteratorResult<readonly Buffer[]>) => void) | undefined;

  constructor(
    private readonly source: Readable,
    private readonly options: UploadBodyOptions,
  ) {
    this.budget = options.budget ?? new BodyBudget(Infinity);
    // A cut connection is an outcome, not an error; without a listener it would end the process.
    source.on('error', ignore);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly Buffer[]>> {
    // One that was stopped before must not listen: whoever reads the rest away would fill it, and nobody empties it.
    if (!this.started && !this.outcome) this.start();
    this.giveHanded();
    if (this.outcome) return this.hand();
    if (this.full) {
      const batch = this.hand();
      this.read();
      return batch;
    }
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.read();
    });
  }

  /** The consumer failed and reads no further. */
  async return(): Promise<IteratorResult<readonly Buffer[]>> {
    this.drop();
    this.giveHanded();
    this.end('stopped');
    return { done: true, value: undefined };
  }

  /** Hands over what has gathered, so that a slow upload is durable soon; gives up a silent client. */
  beat(): void {
    if (!this.waiting) return;
    const { idleMilliseconds } = this.options;
    if (this.size > 0 && !this.held) this.deliver();
    else if (this.size > 1 && this.budget.exhausted) this.deliverAllButOne();
    else if (this.source.isPaused()) this.read();
    else if (idleMilliseconds > 0 && performance.now() - this.lastByteAt > idleMilliseconds) this.end('idle');
  }

  /**
   * The consumer has no more need of the batch that it was handed last. Chunks that nobody else can hold are empty
   * afterwards; any other batch is the consumer's own.
   */
  release(batch: readonly Buffer[]): void {
    if (batch === this.batch && !this.shared) this.options.memory?.free(batch);
  }

  /** Reads no further; what has gathered is still handed over. */
  stop(): void {
    this.end('stopped');
  }

  private get full(): boolean {
    if (this.held) return false;
    const enough = this.size >= BATCH_BYTES || this.filling.length >= BATCH_CHUNKS;
    return enough || (this.size > 0 && this.budget.exhausted);
  }

  /** The block that reaches the limit waits until the body shows that it ends there. */
  private get held(): boolean {
    return this.options.lengthUnknown && this.received >= this.options.limit;
  }

  private start(): void {
    this.started = true;
    const { source } = this;
    if (source.readableEnded) return this.end(isWhole(source) ? 'ended' : 'interrupted');
    this.shared = source.readableDidRead || source.listenerCount('data') > 0;
    if (source.destroyed) return this.onClose();
    source.on('data', this.onData);
    source.once('end', this.onEnd);
    source.once('close', this.onClose);
    this.options.onWanted?.();
  }

  /** The time that a body waits for others is not its client's silence. */
  private readonly read = (): void => {
    this.lastByteAt = performance.now();
    if (this.budget.exhausted) {
      this.source.pause();
      this.budget.wait(this.read);
    } else {
      this.budget.forget(this.read);
      this.source.resume();
    }
  };

  private readonly onData = (chunk: Uint8Array | string): void => {
    const bytes = toBuffer(chunk);
    this.shared ||= !readByNobodyElse(this.source);
    this.received += bytes.length;
    if (this.received > this.options.limit) {
      if (this.options.lengthUnknown) this.drop();
      return this.end('overflow');
    }
    this.filling.push(bytes);
    this.size += bytes.length;
    this.budget.take(bytes.length);
    this.lastByteAt = performance.now();
    if (!this.full) return;
    if (this.waiting) this.deliver();
    else this.source.pause();
  };

  private readonly onEnd = (): void => this.end(isWhole(this.source) ? 'ended' : 'interrupted');

  private readonly onClose = (): void => {
    this.source.off('data', this.onData);
    // What had arrived before the cut still stands in the stream's own buffer.
    for (let chunk = this.buffered(); chunk !== null; chunk = this.buffered()) this.onData(chunk);
    this.end('interrupted');
  };

  private buffered(): Uint8Array | string | null {
    return this.outcome ? null : (this.source.read() as Uint8Array | string | null);
  }

  private end(outcome: BodyOutcome): void {
    if (this.outcome) return;
    if (outcome !== 'ended' && this.held) this.drop();
    this.outcome = outcome;
    this.source.off('data', this.onData);
    this.source.off('end', this.onEnd);
    this.source.off('close', this.onClose);
    this.budget.forget(this.read);
    if (outcome !== 'ended') this.source.pause();
    if (this.waiting) this.deliver();
  }

  private drop(): void {
    this.budget.give(this.size);
    this.filling = [];
    this.size = 0;
  }

  private giveHanded(): void {
    this.budget.give(this.handed);
    this.handed = 0;
    this.batch = undefined;
  }

  /** A block that waits for the end of its body must not keep others from reading: its last byte is enough. */
  private deliverAllButOne(): void {
    const last = this.filling.pop() ?? Buffer.alloc(0);
    if (last.length > 1) this.filling.push(last.subarray(0, -1));
    const { waiting } = this;
    this.waiting = undefined;
    this.size -= 1;
    const batch = this.hand();
    this.filling.push(Buffer.from(last.subarray(-1)));
    this.size += 1;
    waiting?.(batch);
  }

  private deliver(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(this.hand());
  }

  private hand(): IteratorResult<readonly Buffer[]> {
    if (this.size === 0) return { done: true, value: undefined };
    const value = this.filling;
    this.handed = this.size;
    this.batch = value;
    this.filling = [];
    this.size = 0;
    return { done: false, value };
  }
}

/**
 * An incoming message that was cut off may still end: on HTTP/1.1 only `complete` tells (CORE-15), on HTTP/2 only
 * `aborted` does, because `complete` says yes there after a reset (trap 32).
 */
function isWhole(source: Readable & { complete?: boolean; aborted?: boolean }): boolean {
  return source.complete !== false && source.aborted !== true;
}

function toBuffer(chunk: Uint8Array | string): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return typeof chunk === 'string'
    ? Buffer.from(chunk)
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function ignore(): void {}
