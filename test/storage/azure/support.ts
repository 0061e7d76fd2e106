import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { BlobGetPropertiesResponse, BlockBlobClient } from '@azure/storage-blob';
import type { Part } from '../../../src/model/part.js';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureStorageOptions } from '../../../src/storage/azure/index.js';
import type {
  AppendResult,
  ConcatSource,
  StoredUpload,
  UploadParts,
} from '../../../src/storage/upload-storage.js';
import { AzureProxy } from '../../support/azure-proxy/azure-proxy.js';
import type { AzureKind } from '../../support/azure-proxy/request-kind.js';
import type { AzureContainer } from '../../support/services/azure-container.js';
import { addressAt } from '../../support/services/azurite.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Bytes of which no two kibibytes are the same, nor those of two seeds. */
export function content(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length, `what is in upload ${seed}, `);
  for (let at = 0; at + 8 <= length; at += 1024) bytes.writeDoubleLE(seed * 2 ** 40 + at, at);
  return bytes;
}

/** A storage whose requests go through a proxy that counts them, with a folder of the container for itself. */
export class Desk {
  readonly prefix = `${randomUUID()}/`;
  readonly storage: AzureStorage;

  private constructor(
    readonly proxy: AzureProxy,
    private readonly container: AzureContainer,
    options: Partial<AzureStorageOptions>,
  ) {
    this.storage = this.again(options);
  }

  static async open(
    suite: { readonly endpoint: string; readonly container: AzureContainer },
    options: Partial<AzureStorageOptions> = {},
  ): Promise<Desk> {
    return new Desk(await AzureProxy.start(suite.endpoint), suite.container, options);
  }

  /** Another process on the same container. */
  again(options: Partial<AzureStorageOptions> = {}): AzureStorage {
    const { connectionString } = addressAt(this.proxy.endpoint);
    const account = options.client ? {} : { connectionString };
    const container = this.container.client.containerName;
    return new AzureStorage({ container, ...account, prefix: this.prefix, ...options });
  }

  /** The requests since the last call. */
  requests(): Partial<Record<AzureKind, number>> {
    const tally = this.proxy.tally();
    this.proxy.forget();
    return tally;
  }

  object(key: string): Promise<Buffer> {
    return this.blob(key).downloadToBuffer();
  }

  head(key: string): Promise<BlobGetPropertiesResponse> {
    return this.blob(key).getProperties();
  }

  blob(key: string): BlockBlobClient {
    return this.container.client.getBlockBlobClient(this.prefix + key);
  }

  /** Names of blobs, and of such that only have blocks yet, without the prefix. */
  async left(): Promise<string[]> {
    const all = await this.container.leftovers();
    return all.filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.container.empty();
  }
}

/** The row of an upload, as far as a storage sees it. */
export class Row {
  readonly id: string;
  reference: string | null = null;
  offset = 0;
  epoch = 0;
  /** Statements that put parts, or a reference, on record. */
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
      record: async (reference: string) => {
        this.statements++;
        this.reference = reference;
      },
      progress: (offset: number) => void (this.offset = offset),
      release: () => undefined,
    };
  }

  /** Takes the lease and appends a body. What completes the upload is left to the caller. */
  async append(
    storage: AzureStorage,
    body: Buffer,
    options: { fenced?: boolean; length?: number } = {},
  ): Promise<AppendResult> {
    const { length = this.upload.length } = options;
    this.epoch++;
    const upload = { ...this.upload, length };
    const result = await storage.append(upload, batches(body), this.context(options));
    if (!result.finish) this.offset = result.offset;
    return result;
  }

  /** Sends all bytes and completes, as the service does. */
  async send(storage: AzureStorage, body: Buffer): Promise<void> {
    const length = this.offset + body.length;
    const { finish, failure } = await this.append(storage, body, { length });
    if (failure) throw failure;
    await finish?.complete();
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
  storage: AzureStorage,
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
