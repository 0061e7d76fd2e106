import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import type { Part } from '../../../src/model/part.js';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import type { GcsStorageOptions } from '../../../src/storage/gcs/index.js';
import type {
  AppendResult,
  Completed,
  ConcatSource,
  StoredUpload,
  UploadParts,
} from '../../../src/storage/upload-storage.js';
import { GcsProxy } from '../../support/gcs-proxy/gcs-proxy.js';
import type { GcsKind } from '../../support/gcs-proxy/request-kind.js';
import type { GcsSuite } from '../../support/services/each-gcs-service.js';

export const MIB = 1024 ** 2;

type LocalSuite = GcsSuite & { readonly address: { readonly apiEndpoint: string } };

/** Bytes of which no two kibibytes are the same, nor those of two seeds. */
export function content(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length, `what is in upload ${seed}, `);
  for (let at = 0; at + 8 <= length; at += 1024) bytes.writeDoubleLE(seed * 2 ** 40 + at, at);
  return bytes;
}

/** A storage whose requests go through a proxy that counts them, with a folder of the bucket for itself. */
export class Desk {
  private constructor(
    readonly proxy: GcsProxy,
    private readonly suite: LocalSuite,
    readonly prefix: string,
    readonly storage: GcsStorage,
  ) {}

  static async open(suite: LocalSuite, options: Partial<GcsStorageOptions> = {}): Promise<Desk> {
    const proxy = await GcsProxy.start(suite.address.apiEndpoint);
    const prefix = `${randomUUID()}/`;
    return new Desk(proxy, suite, prefix, storageAt(suite, proxy, { prefix, ...options }));
  }

  /** Another process on the same bucket. */
  again(options: Partial<GcsStorageOptions> = {}): GcsStorage {
    return storageAt(this.suite, this.proxy, { prefix: this.prefix, ...options });
  }

  /** The requests since the last call. */
  requests(): Partial<Record<GcsKind, number>> {
    const tally = this.proxy.tally();
    this.proxy.forget();
    return tally;
  }

  object(key: string): Promise<Buffer | undefined> {
    return this.suite.bucket.bytes(this.prefix + key);
  }

  put(key: string, bytes: Buffer | string): Promise<void> {
    return this.suite.bucket.put(this.prefix + key, bytes);
  }

  metadata(key: string) {
    return this.suite.bucket.metadata(this.prefix + key);
  }

  /** Names of objects, of each generation, without the prefix. */
  async left(): Promise<string[]> {
    const names = await this.suite.bucket.names(this.prefix);
    return names.map((name) => name.slice(this.prefix.length));
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.suite.bucket.empty(this.prefix);
  }
}

function storageAt(suite: LocalSuite, proxy: GcsProxy, options: Partial<GcsStorageOptions>): GcsStorage {
  const clientConfig = { ...suite.address, apiEndpoint: proxy.endpoint };
  return new GcsStorage({ bucket: suite.bucket.name, clientConfig, ...options });
}

/** The row of an upload, as far as a storage sees it. */
export class Row {
  readonly id: string;
  reference: string | null = null;
  offset = 0;
  epoch = 0;
  /** Statements that put parts on record. */
  statements = 0;
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

  context(options: { fenced?: boolean; signal?: AbortSignal } = {}) {
    const { fenced = false, signal = new AbortController().signal } = options;
    return {
      fenced,
      signal,
      record: async (reference: string) => void (this.reference = reference),
      progress: (offset: number) => void (this.offset = offset),
      release: () => undefined,
    };
  }

  /** Takes the lease and appends a body. What completes the upload is left to the caller. */
  async append(
    storage: GcsStorage,
    body: Buffer,
    options: { fenced?: boolean; length?: number; signal?: AbortSignal } = {},
  ): Promise<AppendResult> {
    const { length = this.upload.length } = options;
    this.epoch++;
    const upload = { ...this.upload, length };
    const result = await storage.append(upload, batches(body), this.context(options));
    if (!result.finish) this.offset = result.offset;
    return result;
  }

  /** Sends all bytes and completes, as the service does. */
  async send(storage: GcsStorage, body: Buffer): Promise<void> {
    const length = this.offset + body.length;
    const { finish, failure } = await this.append(storage, body, { length });
    if (failure) throw failure;
    this.completed(await finish?.complete(), length);
  }

  completed(completed: Completed | void, length: number): void {
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

  private parts(epoch: number): UploadParts {
    return {
      list: async () => this.list,
      record: async (parts) => {
        this.statements++;
        if (epoch !== this.epoch) throw new StorageError('unavailable', 'The lease is lost.');
        for (const part of parts) this.rows.set(part.number, part);
      },
      forget: async (numbers) => {
        for (const number of numbers ?? this.rows.keys()) this.rows.delete(number);
      },
    };
  }
}

export function read(
  storage: GcsStorage,
  upload: StoredUpload,
  range?: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  return storage.read(upload, range).then(buffer);
}

/** In chunks such as a socket gives them. */
async function* batches(body: Buffer): AsyncGenerator<readonly Buffer[]> {
  for (let at = 0; at < body.length; at += MIB) {
    const batch = body.subarray(at, at + MIB);
    yield [batch.subarray(0, batch.length >> 1), batch.subarray(batch.length >> 1)];
  }
}
