import type { ContainerClient } from '@azure/storage-blob';

/** The container of a suite, or its share of one that is used by others too. */
export class AzureContainer {
  constructor(
    readonly client: ContainerClient,
    /** What all names of the suite begin with; empty where the container is its own. */
    readonly prefix: string,
  ) {}

  /**
   * What is in it: names, and with ` (blocks)` those that have nothing but blocks which wait for a commit. Blocks beside
   * a blob do not count: nobody sees them, nothing but a change of the blob removes them, and Azure forgets them itself.
   */
  async leftovers(): Promise<string[]> {
    const found: string[] = [];
    const { client, prefix } = this;
    for await (const { name } of client.listBlobsFlat({ prefix, includeUncommitedBlobs: true })) {
      const committed = await client.getBlobClient(name).exists();
      found.push(committed ? name : `${name} (blocks)`);
    }
    return found.sort();
  }

  async empty(): Promise<void> {
    const { client, prefix } = this;
    for await (const { name } of client.listBlobsFlat({ prefix })) {
      await client.deleteBlob(name, { deleteSnapshots: 'include' });
    }
  }
}
