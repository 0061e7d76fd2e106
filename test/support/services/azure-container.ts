import type { ContainerClient } from '@azure/storage-blob';

/** The container of a suite, or its share of one that is used by others too. */
export class AzureContainer {
  constructor(
    readonly client: ContainerClient,
    /** What all names of the suite begin with; empty where the container is its own. */
    readonly prefix: string,
  ) {}

  /** What is in it: names, and with ` (blocks)` those under which blocks wait for a commit. */
  async leftovers(): Promise<string[]> {
    const found: string[] = [];
    const { client, prefix } = this;
    for await (const { name, properties } of client.listBlobsFlat({ prefix, includeUncommitedBlobs: true })) {
      const blob = client.getBlockBlobClient(name);
      if (properties.blobType !== 'BlockBlob') found.push(name);
      else {
        const { uncommittedBlocks = [] } = await blob.getBlockList('uncommitted');
        if (await blob.exists()) found.push(name);
        if (uncommittedBlocks.length > 0) found.push(`${name} (blocks)`);
      }
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
