import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import type { Part } from '../../../src/model/part.js';
import type { PartBytes, PartTarget } from '../../../src/storage/parts/part-target.js';
import type { StoredUpload, UploadParts } from '../../../src/storage/upload-storage.js';
import { partsFrom } from '../../../src/testing/storage/recorded-parts.js';

/** Stands before each call of the fakes: it may wait, or throw. The signal is that of the call. */
export type Gate = (call: string, signal?: AbortSignal) => Promise<void>;

const open: Gate = async () => {};

/** Keeps what is put in memory; what is wrong with how it is used it notes in `faults`. */
export class MemoryStore {
  readonly parts = new Map<number, Buffer>();
  readonly tails = new Map<string, Buffer>();
  readonly calls: string[] = [];
  readonly faults: string[] = [];
  private readonly used = new Set<number>();

  /** The store as one writer sees it. `after` is the way back of the answers. */
  target(before = open, after = open): PartTarget {
    return {
      put: async (part) => {
        const { number } = part;
        this.calls.push('put');
        this.use(number);
        await before('put', part.signal);
        this.parts.set(number, await bytesOf(part));
        await after('put');
        return `part ${number}`;
      },
      putTail: async (part) => {
        this.calls.push('putTail');
        this.use(part.number);
        await before('putTail', part.signal);
        this.tails.set(nameOf(part), await bytesOf(part));
        await after('putTail');
        return nameOf(part);
      },
      readTail: async (part) => {
        this.calls.push('readTail');
        await before('readTail');
        const bytes = this.tails.get(nameOf(part));
        if (!bytes) throw new StorageError('missing', `There is no tail ${nameOf(part)}.`);
        return Readable.from([bytes]);
      },
      removeTail: async (part) => {
        this.calls.push('removeTail');
        await before('removeTail');
        this.tails.delete(nameOf(part));
      },
    };
  }

  private use(number: number): void {
    if (this.used.has(number)) this.faults.push(`The number ${number} was used twice.`);
    this.used.add(number);
  }

  bytesOf(parts: readonly Part[]): Buffer {
    return Buffer.concat(
      parts.map((part) => {
        const bytes = part.tail ? this.tails.get(nameOf(part)) : this.parts.get(part.number);
        if (bytes?.length !== part.length) throw new Error(`Not what was stored: ${JSON.stringify(part)}`);
        return bytes;
      }),
    );
  }
}

export function nameOf({ epoch, number }: { epoch: number; number: number }): string {
  return `${epoch}.${number}`;
}

export async function bytesOf({ body, length }: PartBytes): Promise<Buffer> {
  const bytes = Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.concat(await chunksOf(body()));
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes instead of ${length}`);
  return bytes;
}

async function chunksOf(stream: Readable): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return chunks;
}

/** The row of an upload with its parts, as the repository keeps them. */
export class PartedRow {
  readonly parts = new Map<number, Part>();
  offset = 0;
  length: number | null = null;
  epoch = 0;
  reference: string | null = null;
  /** Whether the next writer has to keep clear of a silent one: until one has put a reference on record. */
  fenced = false;
  /** Offsets that the newest writer has told, in their order. */
  told: number[] = [];
  readonly statements: Part[][] = [];
  /** How many parts each reading statement gave. */
  readonly partsRead: number[] = [];

  get list(): readonly Part[] {
    return [...this.parts.values()].toSorted((one, other) => one.number - other.number);
  }

  /** Takes the lease, and gives the upload as its storage sees it. */
  take(before = open, after = open): StoredUpload {
    this.epoch++;
    this.told = [];
    const { offset, length, epoch, reference } = this;
    const parts = this.partsUnder(epoch, before, after);
    const origin = { id: 'upload', kind: 'single', key: 'key', metadata: null, createdAt: 0 } as const;
    return { ...origin, offset, length, epoch, reference, parts };
  }

  private partsUnder(epoch: number, before: Gate, after: Gate): UploadParts {
    return {
      list: async (from) => {
        await before('list');
        const given = partsFrom(this.list, from);
        this.partsRead.push(given.length);
        return given;
      },
      record: async (parts) => {
        await before('record');
        if (this.epoch !== epoch) throw new StorageError('unavailable', 'The lease is lost.');
        this.statements.push([...parts]);
        for (const part of parts) this.parts.set(part.number, part);
        await after('record');
      },
      forget: async (numbers) => {
        await before('forget');
        for (const number of numbers ?? [...this.parts.keys()]) this.parts.delete(number);
      },
    };
  }

  /** Of the writer that has the lease now. */
  context(signal = new AbortController().signal) {
    const { epoch, fenced, told } = this;
    return {
      fenced,
      signal,
      record: async (reference: string) => {
        if (this.epoch !== epoch) throw new StorageError('unavailable', 'The lease is lost.');
        this.reference = reference;
        this.fenced = false;
      },
      progress: (offset: number) => void told.push(offset),
      release: (_batch: readonly Buffer[]) => {},
    };
  }
}

/** A folder for temporary files that has to be empty in the end. */
export class SpillFolder {
  private constructor(readonly path: string) {}

  static async make(): Promise<SpillFolder> {
    return new SpillFolder(await mkdtemp(join(tmpdir(), 'nestjs-tus-parts-')));
  }

  /** Files that have a name, or that this process has open. */
  async leftovers(): Promise<string[]> {
    const numbers = await readdir('/proc/self/fd').catch(() => []);
    const links = await Promise.all(
      numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')),
    );
    return [...(await readdir(this.path)), ...links.filter((link) => link.startsWith(this.path))];
  }

  /** Fails if anything was left. */
  async remove(): Promise<void> {
    const leftovers = await this.leftovers();
    await rm(this.path, { recursive: true });
    if (leftovers.length > 0) throw new Error(`Temporary files are left: ${leftovers.join(', ')}`);
  }
}

export async function* batchesOf(...buffers: readonly Buffer[]): AsyncGenerator<readonly Buffer[]> {
  for (const buffer of buffers) yield [buffer];
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
