import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { nodeFileCalls } from '../../../src/storage/local/file-calls.js';
import type { FileCalls } from '../../../src/storage/local/file-calls.js';
import { LocalStorage } from '../../../src/storage/local/local.storage.js';
import type { LocalStorageOptions } from '../../../src/storage/local/options.js';
import type { AppendResult, StoredUpload, UploadParts } from '../../../src/storage/upload-storage.js';

/** A folder of its own with a storage in it. */
export class Bench {
  private constructor(
    readonly directory: string,
    readonly storage: LocalStorage,
  ) {}

  static async open(): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-local-'));
    const storage = new LocalStorage({ directory });
    await storage.start();
    return new Bench(directory, storage);
  }

  /** Another process on the same folder, or one whose file system has faults. */
  again(calls: Partial<FileCalls> = {}, options: Partial<LocalStorageOptions> = {}): LocalStorage {
    return new LocalStorage({ directory: this.directory, ...options }, { ...nodeFileCalls, ...calls });
  }

  workPath(name: string): string {
    return join(this.directory, '.tus', 'work', name);
  }

  async working(): Promise<string[]> {
    return (await readdir(this.workPath(''))).toSorted();
  }

  async object(key: string): Promise<string> {
    return readFile(this.storage.pathOf(key), 'utf8');
  }

  /** Files of the folder that this process has open; none where the system cannot tell. */
  async openFiles(): Promise<string[]> {
    if (!existsSync('/proc/self/fd')) return [];
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return links.filter((path) => path.startsWith(this.directory));
  }

  /** Removes the folder; fails if a file in it is still open. */
  async close(): Promise<void> {
    const open = await this.openFiles();
    await rm(this.directory, { recursive: true, force: true });
    if (open.length > 0) throw new Error(`Still open: ${open.join(', ')}`);
  }
}

/** A local storage has no parts: it must not ask for any. */
const NO_PARTS: UploadParts = {
  list: async () => Promise.reject(new Error('asked for parts')),
  record: async () => Promise.reject(new Error('recorded parts')),
  forget: async () => Promise.reject(new Error('forgot parts')),
};

/** The row of an upload, as far as a storage sees it; each call of the storage is made with the newest one. */
export class Row {
  upload: StoredUpload;
  readonly progress: number[] = [];
  readonly released: Buffer[] = [];

  constructor(upload: Partial<StoredUpload> & { id: string }) {
    const key = upload.kind === 'partial' ? null : upload.id;
    const start = { kind: 'single', key, reference: null, offset: 0, length: null, epoch: 1 } as const;
    const origin = { metadata: null, createdAt: 0 };
    this.upload = { ...start, ...origin, parts: NO_PARTS, ...upload };
  }

  context(fenced = false, signal = new AbortController().signal) {
    return {
      fenced,
      signal,
      record: async (reference: string) => void (this.upload = { ...this.upload, reference }),
      progress: (offset: number) => void this.progress.push(offset),
      release: (batch: readonly Buffer[]) => void this.released.push(...batch),
    };
  }

  /** What another process sees after it has taken the lease. */
  taken(): Row {
    return new Row({ ...this.upload, epoch: this.upload.epoch + 1 });
  }

  /** Appends as the holder of the lease, and records where it got. */
  async append(storage: LocalStorage, content: string, fenced = false): Promise<AppendResult> {
    const result = await storage.append(this.upload, batches(content), this.context(fenced));
    this.upload = { ...this.upload, offset: result.offset };
    return result;
  }

  /** Says that all bytes are there. */
  whole(length = this.upload.offset): this {
    this.upload = { ...this.upload, length, offset: length };
    return this;
  }
}

export async function* batches(...contents: string[]): AsyncGenerator<Buffer[]> {
  for (const content of contents) if (content !== '') yield [Buffer.from(content)];
}

/** A body whose batches the test hands over one by one. */
export class ManualBody implements AsyncIterable<Buffer[]> {
  returned = false;
  private readonly queue: (string | null)[] = [];
  private wake: (() => void) | undefined;

  give(content: string): void {
    this.queue.push(content);
    this.wake?.();
  }

  end(): void {
    this.queue.push(null);
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer[]> {
    try {
      for (;;) {
        while (this.queue.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
        const next = this.queue.shift() ?? null;
        if (next === null) return;
        yield [Buffer.from(next)];
      }
    } finally {
      this.returned = true;
    }
  }
}

export function fault(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

export async function text(stream: Promise<Readable>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Makes a complete partial. */
export async function partial(storage: LocalStorage, id: string, content: string): Promise<StoredUpload> {
  const row = new Row({ id, kind: 'partial', length: content.length });
  await row.append(storage, content);
  await storage.complete(row.upload);
  return row.upload;
}
