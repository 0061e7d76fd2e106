import { randomUUID } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import { S3Proxy } from '../../support/s3-proxy/s3-proxy.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import type { S3Suite } from '../../support/services/each-s3-service.js';

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
