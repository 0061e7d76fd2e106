import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Part } from '../../../src/model/part.js';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import type {
  AppendResult,
  Completed,
  ConcatSource,
  StoredUpload,
  UploadParts,
} from '../../../src/storage/upload-storage.js';
import { partsFrom } from '../../../src/testing/storage/recorded-parts.js';
import { S3Proxy } from '../../support/s3-proxy/s3-proxy.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import type { S3Suite } from '../../support/services/each-s3-service.js';

export const MIB = 1024 ** 2;

/** Bytes of which no two kibibytes are the same, nor those of two seeds. */
export function content(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length, `what is in upload ${seed}, `);
  for (let at = 0; at + 8 <= length; at += 1024) bytes.writeDoubleLE(seed * 2 ** 40 + at, at);
  return bytes;
}

/** A storage whose requests go through a proxy that counts them, with a folder of the bucket for itself. */
export class Desk {
  private constructor(
    readonly proxy: S3Proxy,
    private readonly suite: S3Suite,
    readonly prefix: string,
    readonly storage: S3Storage,
  ) {}

  static async open(suite: S3Suite, options: Partial<S3StorageOptions> = {}): Promise<Desk> {
    const proxy = await S3Proxy.start(suite.address.endpoint ?? '');
    const prefix = `${suite.bucket.prefix}${randomUUID()}/`;
    return new Desk(proxy, suite, prefix, storageAt(suite, proxy, { prefix, ...options }));
  }

  /** Another process on the same bucket. */
  again(options: Partial<S3StorageOptions> = {}): S3Storage {
    return storageAt(this.suite, this.proxy, { prefix: this.prefix, ...options });
  }

  /** The requests since the last call. */
  requests(): Partial<Record<S3Kind, number>> {
    const tally = this.proxy.tally();
    this.proxy.forget();
    return tally;
  }

  async object(key: string): Promise<Buffer> {
    const { Body } = await this.suite.client.send(new GetObjectCommand(this.at(key)));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  head(key: string): Promise<HeadObjectCommandOutput> {
    return this.suite.client.send(new HeadObjectCommand(this.at(key)));
  }

  at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.suite.bucket.name, Key: this.prefix + key };
  }

  /** Names of objects, versions and open multipart uploads, without the prefix. */
  async left(): Promise<string[]> {
    const all = await this.suite.bucket.leftovers();
    return all.filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.suite.bucket.empty();
  }
}

function storageAt(suite: S3Suite, proxy: S3Proxy, options: Partial<S3StorageOptions>): S3Storage {
  const clientConfig = { ...suite.address, endpoint: proxy.endpoint, ...options.clientConfig };
  return new S3Storage({ bucket: suite.bucket.name, ...options, clientConfig });
}

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
    storage: S3Storage,
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
  async send(storage: S3Storage, body: Buffer): Promise<void> {
    const length = this.offset + body.length;
    const { finish, failure } = await this.append(storage, body, { length });
    if (failure) throw failure;
    this.keep(await finish?.complete());
    this.offset = length;
    Object.assign(this.start, { length });
  }

  /** What the completion has put on record. */
  keep(completed: Completed | void): void {
    this.reference = completed?.reference ?? this.reference;
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
      list: async (from) => {
        const list = partsFrom(this.list, from);
        this.reads++;
        this.partsRead += list.length;
        return list;
      },
      record: async (parts) => {
        this.statements++;
        if (this.failures-- > 0) throw new Error('The database is away.');
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
  storage: S3Storage,
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
