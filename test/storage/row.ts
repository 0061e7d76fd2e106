import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { StorageError } from '../../src/model/errors/storage.error.js';
import type { Part } from '../../src/model/part.js';
import type {
  AppendResult,
  Completed,
  ConcatSource,
  StoredUpload,
  UploadParts,
  UploadStorage,
} from '../../src/storage/upload-storage.js';
import { partsFrom } from '../../src/testing/storage/recorded-parts.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** The row of an upload, as far as a storage sees it. */
export class Row {
  readonly id: string;
  reference: string | null = null;
  offset = 0;
  epoch = 0;
  /** Statements that put parts, or a reference, on record. */
  statements = 0;
  /** Statements that read parts, and the parts that they gave. */
  reads = 0;
  partsRead = 0;
  /** So many statements that put parts on record will fail. */
  failures = 0;
  private readonly rows = new Map<number, Part>();
  private readonly start: Partial<StoredUpload>;

  constructor(upload: Partial<Omit<StoredUpload, 'parts'>> = {}) {
    this.id = upload.id ?? randomUUID();
    this.start = upload;
  }

  get list(): readonly Part[] {
    return [...this.rows.values()].toSorted((one, other) => one.number - other.number);
  }

  get upload(): StoredUpload {
    const { id, reference, offset, epoch } = this;
    const key = this.start.kind === 'partial' ? null : `objects/${id}`;
    const origin = {
      kind: 'single',
      key,
      length: null,
      metadata: null,
      createdAt: 1_795_400_222_308,
    } as const;
    return { ...origin, ...this.start, id, reference, offset, epoch, parts: this.parts(epoch) };
  }

  /** As it is when all bytes are there. */
  get whole(): StoredUpload {
    const { upload } = this;
    return { ...upload, offset: upload.length ?? upload.offset, length: upload.length ?? upload.offset };
  }

  get key(): string {
    return this.upload.key ?? '';
  }

  /** Of the writer that has the lease now; once it is lost nothing of it counts. */
  context(options: { fenced?: boolean; signal?: AbortSignal } = {}) {
    const { fenced = false, signal = new AbortController().signal } = options;
    const { epoch } = this;
    return {
      fenced,
      signal,
      record: async (reference: string) => {
        this.statements++;
        this.check(epoch);
        this.reference = reference;
      },
      progress: (offset: number) => this.moveTo(offset, epoch),
      release: () => undefined,
    };
  }

  /** Takes the lease and appends a body. What completes the upload is left to the caller. */
  async append(
    storage: UploadStorage,
    body: Buffer,
    options: { fenced?: boolean; length?: number; signal?: AbortSignal } = {},
  ): Promise<AppendResult> {
    const { length = this.upload.length } = options;
    const { epoch } = this.take();
    const upload = { ...this.upload, length };
    const result = await storage.append(upload, batches(body), this.context(options));
    if (!result.finish) this.moveTo(result.offset, epoch);
    return result;
  }

  /** Sends all bytes and completes, as the service does. */
  async send(storage: UploadStorage, body: Buffer): Promise<void> {
    const length = this.offset + body.length;
    const { finish, failure } = await this.append(storage, body, { length });
    if (failure) throw failure;
    this.keep(await finish?.complete(), length);
  }

  /** What the completion has put on record. */
  keep(completed: Completed | void, length: number): void {
    this.reference = completed?.reference ?? this.reference;
    this.offset = length;
    Object.assign(this.start, { length });
  }

  source(start = 0, length = this.offset): ConcatSource {
    return { upload: this.whole, start, length, adoptable: false };
  }

  /** What another process sees after it has taken the lease. */
  take(): this {
    this.epoch++;
    return this;
  }

  private moveTo(offset: number, epoch: number): void {
    if (epoch === this.epoch) this.offset = offset;
  }

  private check(epoch: number): void {
    if (epoch !== this.epoch) throw new StorageError('unavailable', 'The lease is lost.');
  }

  private parts(epoch: number): UploadParts {
    return {
      list: async (from) => {
        const list = partsFrom(this.list, from);
        this.reads++;
        this.partsRead += list.length;
        return list;
      },
      record: async (parts) => {
        this.statements++;
        if (this.failures-- > 0) throw new Error('The database is away.');
        this.check(epoch);
        for (const part of parts) this.rows.set(part.number, part);
      },
      forget: async (numbers) => {
        for (const number of numbers ?? this.rows.keys()) this.rows.delete(number);
      },
    };
  }
}

export function read(
  storage: UploadStorage,
  upload: StoredUpload,
  start?: number,
  end?: number,
): Promise<Buffer> {
  const range = start === undefined || end === undefined ? undefined : { start, end };
  return storage.read(upload, range).then(buffer);
}

/** In chunks such as a socket gives them. */
async function* batches(body: Buffer): AsyncGenerator<readonly Buffer[]> {
  for (let at = 0; at < body.length; at += MIB) {
    const batch = body.subarray(at, at + MIB);
    yield [batch.subarray(0, batch.length >> 1), batch.subarray(batch.length >> 1)];
  }
}
