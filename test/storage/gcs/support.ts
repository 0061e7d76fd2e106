import { randomUUID } from 'node:crypto';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import type { GcsStorageOptions } from '../../../src/storage/gcs/index.js';
import { GcsProxy } from '../../support/gcs-proxy/gcs-proxy.js';
import type { GcsKind } from '../../support/gcs-proxy/request-kind.js';
import type { GcsSuite } from '../../support/services/each-gcs-service.js';

type LocalSuite = GcsSuite & { readonly address: { readonly apiEndpoint: string } };

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

  remove(key: string): Promise<void> {
    return this.suite.bucket.remove(this.prefix + key);
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
