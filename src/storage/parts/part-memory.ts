import { constants } from 'node:buffer';
import { tmpdir } from 'node:os';
import { wrongOption } from './wrong-option.js';

const MIB = 1024 * 1024;
/** Milliseconds after which memory that nobody took again goes back to the system: between two parts, not for ever. */
const IDLE_MILLISECONDS = 10_000;

export interface PartMemoryOptions {
  /** Bytes of parts in memory at most, of all uploads together. Default: 256 MiB. */
  readonly limit?: number;
  /** Where the parts go that find no memory. Default: the system's folder for temporary files. */
  readonly folder?: string;
}

/**
 * Memory for parts, within a budget for the whole process. A part is one region, not a chain of pieces, because an SDK
 * can sign and send again only what is one buffer. Regions are recycled: each new one would bring the garbage collector
 * closer to a full collection, which costs the more the more the application keeps alive.
 */
export class PartMemory {
  readonly folder: string;
  private readonly limit: number;
  private readonly idle = new Set<Buffer>();
  private idleBytes = 0;
  private usedBytes = 0;
  /** Idle since the timer was set. */
  private resting = new Set<Buffer>();
  private timer: NodeJS.Timeout | undefined;

  /** @throws TusOptionError that names the option at fault. */
  constructor({ limit = 256 * MIB, folder = tmpdir() }: PartMemoryOptions = {}) {
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw wrongOption('PartMemory', { name: 'limit', fix: 'be whole bytes from 0 on', value: limit });
    if (typeof folder !== 'string' || folder === '')
      throw wrongOption('PartMemory', { name: 'folder', fix: 'be the path of a folder', value: folder });
    this.limit = limit;
    this.folder = folder;
  }

  /** Bytes of the regions that parts have now. */
  get used(): number {
    return this.usedBytes;
  }

  /** A region of exactly this many bytes, or undefined when the budget is used up, or Node has no buffer that large. */
  take(bytes: number): Buffer | undefined {
    if (this.usedBytes + bytes > this.limit || bytes > constants.MAX_LENGTH) return undefined;
    const region = this.recycled(bytes) ?? this.fresh(bytes);
    this.usedBytes += bytes;
    return region;
  }

  /** Gives a region back that `take` gave. */
  give(region: Buffer): void {
    this.usedBytes -= region.length;
    this.idleBytes += region.length;
    this.idle.add(region);
    this.timer ??= this.rest();
  }

  private recycled(bytes: number): Buffer | undefined {
    for (const region of this.idle) {
      if (region.length !== bytes) continue;
      this.drop(region);
      return region;
    }
    return undefined;
  }

  private fresh(bytes: number): Buffer {
    for (const region of this.idle) {
      if (this.usedBytes + this.idleBytes + bytes <= this.limit) break;
      this.drop(region);
    }
    return Buffer.allocUnsafeSlow(bytes);
  }

  private drop(region: Buffer): void {
    if (this.idle.delete(region)) this.idleBytes -= region.length;
    this.resting.delete(region);
  }

  private rest(): NodeJS.Timeout {
    this.resting = new Set(this.idle);
    return setTimeout(() => {
      for (const region of this.resting) this.drop(region);
      this.timer = this.idle.size > 0 ? this.rest() : undefined;
    }, IDLE_MILLISECONDS).unref();
  }
}
