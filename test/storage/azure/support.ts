import { randomUUID } from 'node:crypto';
import type { BlobGetPropertiesResponse, BlockBlobClient } from '@azure/storage-blob';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureStorageOptions } from '../../../src/storage/azure/index.js';
import { AzureProxy } from '../../support/azure-proxy/azure-proxy.js';
import type { AzureKind } from '../../support/azure-proxy/request-kind.js';
import type { AzureContainer } from '../../support/services/azure-container.js';
import { addressAt } from '../../support/services/azurite.js';

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

  /** Names of blobs, of such that only have blocks yet, and of blobs that have blocks beside them, without the prefix. */
  async left(): Promise<string[]> {
    const all = await this.container.leftovers();
    const names = all
      .filter((name) => name.startsWith(this.prefix))
      .map((name) => name.slice(this.prefix.length));
    const beside = await Promise.all(names.map((name) => this.blocksBeside(name)));
    return [...names, ...beside.flat()];
  }

  private async blocksBeside(name: string): Promise<string[]> {
    const blob = this.blob(name);
    if (!(await blob.exists())) return [];
    const { uncommittedBlocks = [] } = await blob.getBlockList('uncommitted');
    return uncommittedBlocks.length > 0 ? [`${name} (blocks beside it)`] : [];
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.container.empty();
  }
}
