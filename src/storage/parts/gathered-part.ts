import type { Readable } from 'node:stream';
import type { PartMemory } from './part-memory.js';
import { SpillFile } from './spill-file.js';

/** The first region of a part that may stay small; a slow upload keeps no more. */
const FIRST_BYTES = 64 * 1024;

export interface GatheredPartDeps {
  readonly memory: PartMemory;
  /** Waits until this upload has given memory back; false if it has none that could come back. */
  readonly patience: () => Promise<boolean>;
}

export interface PartPlan {
  /** Where its first byte is in the upload. */
  readonly start: number;
  /** Bytes that it takes. */
  readonly size: number;
  /**
   * Whether it will become full: if `surely`, it gets all its memory at once, and no byte is copied twice; if `likely`, as
   * soon as it has begun to fill.
   */
  readonly fills: 'perhaps' | 'likely' | 'surely';
}

/** Bytes of a part as they come: in memory, which grows with them, or in a temporary file once there is none. */
export class GatheredPart {
  private length = 0;
  private region: Buffer | undefined;
  private file: SpillFile | undefined;

  constructor(
    private readonly deps: GatheredPartDeps,
    private readonly plan: PartPlan,
  ) {}

  get start(): number {
    return this.plan.start;
  }

  get filled(): number {
    return this.length;
  }

  get full(): boolean {
    return this.length === this.plan.size;
  }

  /** Copies as many bytes as fit, and resolves with the others. @throws StorageError if they found no place */
  async add(buffers: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { taken, bytes, rest } = cut(buffers, this.plan.size - this.length);
    const room = this.file ?? (await this.room(this.length + bytes));
    if (room instanceof SpillFile) {
      await room.write(taken, this.length);
    } else {
      let at = this.length;
      for (const buffer of taken) at += buffer.copy(room, at);
    }
    this.length += bytes;
    return rest;
  }

  /** Of what was gathered; only while nothing more is filled in. */
  body(): Buffer | (() => Readable) {
    const { file, region, length } = this;
    return file ? () => file.stream(length) : (region?.subarray(0, length) ?? Buffer.alloc(0));
  }

  /** Gives the memory back. Never rejects. */
  async free(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    this.giveRegion();
    await file?.close();
  }

  private async room(bytes: number): Promise<Buffer | SpillFile> {
    if (this.region && this.region.length >= bytes) return this.region;
    const wanted = this.capacityFor(bytes);
    do {
      const region = this.deps.memory.take(wanted);
      if (region) return this.move(region);
    } while (await this.deps.patience());
    return this.spill();
  }

  private capacityFor(bytes: number): number {
    const { size, fills } = this.plan;
    if (fills === 'surely') return size;
    // Eightfold, so that few bytes are copied once more on the way.
    const least = Math.max(bytes, FIRST_BYTES, 8 * (this.region?.length ?? 0));
    const grown = Math.min(size, 2 ** Math.ceil(Math.log2(least)));
    // Not at its first byte: those who stall there would have all memory.
    return fills === 'likely' && grown >= size / 8 ? size : grown;
  }

  private move(region: Buffer): Buffer {
    this.region?.copy(region, 0, 0, this.length);
    this.giveRegion();
    this.region = region;
    return region;
  }

  private async spill(): Promise<SpillFile> {
    const file = await SpillFile.open(this.deps.memory.folder);
    this.file = file;
    if (this.region) await file.write([this.region.subarray(0, this.length)], 0);
    this.giveRegion();
    return file;
  }

  private giveRegion(): void {
    if (this.region) this.deps.memory.give(this.region);
    this.region = undefined;
  }
}

interface Cut {
  readonly taken: readonly Buffer[];
  readonly bytes: number;
  readonly rest: readonly Buffer[];
}

function cut(buffers: readonly Buffer[], most: number): Cut {
  let bytes = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (bytes + buffer.length > most) {
      const here = most - bytes;
      return {
        taken: [...buffers.slice(0, index), buffer.subarray(0, here)],
        bytes: most,
        rest: [buffer.subarray(here), ...buffers.slice(index + 1)],
      };
    }
    bytes += buffer.length;
  }
  return { taken: buffers, bytes, rest: [] };
}
