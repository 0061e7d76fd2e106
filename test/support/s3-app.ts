import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { S3Storage } from '../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../src/storage/s3/index.js';
import { Background } from '../../src/uploads/background.js';
import { sha256Of } from './content.js';
import { lapse, sqlite } from './rows.js';
import { S3Proxy } from './s3-proxy/s3-proxy.js';
import type { S3Suite } from './services/each-s3-service.js';
import { S3Bucket } from './services/s3-bucket.js';
import { TusApp } from './tus-app.js';
import type { TusAppOptions } from './tus-app.js';

export interface S3AppOptions extends Omit<TusAppOptions, 'directory'> {
  /** What the storage gets besides the bucket; told where the proxy is. */
  readonly storage?: (endpoint: string) => Partial<S3StorageOptions>;
  /** What another process has left, to go on with. */
  readonly left?: { readonly bucket: S3Bucket; readonly directory: string };
}

/** A listening application whose uploads go to a bucket of its own, through a proxy; its rows are in a SQLite file. */
export class S3App {
  private constructor(
    readonly app: TusApp,
    readonly proxy: S3Proxy,
    readonly bucket: S3Bucket,
  ) {}

  static async start(suite: S3Suite, options: S3AppOptions = {}): Promise<S3App> {
    const { storage, tus, left, ...others } = options;
    const bucket = left?.bucket ?? (await newBucket(suite));
    const proxy = await S3Proxy.start(suite.address.endpoint ?? '');
    const directory = left?.directory ?? (await mkdtemp(join(tmpdir(), 'nestjs-tus-s3-')));
    const given = storage?.(proxy.endpoint) ?? {
      clientConfig: { ...suite.address, endpoint: proxy.endpoint },
    };
    const app = await TusApp.start({
      ...others,
      directory,
      tus: {
        storage: new S3Storage({ bucket: bucket.name, ...given }),
        database: { path: join(directory, '.tus', 'uploads.sqlite') },
        ...tus,
      },
    });
    const started = new S3App(app, proxy, bucket);
    await started.idle();
    // What the start asked is no matter of uploads.
    proxy.forget();
    return started;
  }

  get endpoint(): string {
    return this.app.endpoint;
  }

  rows<Row>(statement: string, values: readonly (string | number | null)[] = []): Promise<Row[]> {
    return sqlite<Row>(this.app.directory, statement, values);
  }

  /** Resolves when nothing is under way for which no client waits. */
  async idle(): Promise<void> {
    await this.app.get(Background).idle();
    await this.proxy.idle();
  }

  /** One round of maintenance, and what it leaves to the background. */
  async maintain(): Promise<void> {
    await this.app.get(Maintenance).run();
    await this.idle();
  }

  /** Lets maintenance do all that is due, as time would. */
  async settle(): Promise<void> {
    await this.idle();
    // A round may leave behind what the next one goes on with.
    for (let round = 0; round < 3; round++) {
      await lapse(this.app.directory);
      await this.maintain();
    }
  }

  /** The SHA-256 of an object, past the proxy. */
  async hashOf(key: string): Promise<string> {
    const { Body } = await this.bucket.client.send(
      new GetObjectCommand({ Bucket: this.bucket.name, Key: key }),
    );
    // A stream of Node; the type has those of browsers, too.
    return sha256Of(Body as AsyncIterable<Uint8Array>);
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.proxy.stop();
    await rm(this.app.directory, { recursive: true, force: true });
    await this.bucket.empty();
    await this.bucket.client.send(new DeleteBucketCommand({ Bucket: this.bucket.name }));
  }
}

export async function newBucket({ client }: S3Suite): Promise<S3Bucket> {
  const bucket = new S3Bucket(client, `test-${randomUUID()}`, '');
  await client.send(new CreateBucketCommand({ Bucket: bucket.name }));
  return bucket;
}
