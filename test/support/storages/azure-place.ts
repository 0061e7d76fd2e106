import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureSuite } from '../services/azure-suite.js';
import type { TestPlace } from './test-place.js';

/** A folder of a container for storages. */
export async function azurePlace({ connectionString, container }: AzureSuite): Promise<TestPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-azure-'));
  const prefix = `${container.prefix}${randomUUID()}/`;
  const blob = (key: string) => container.client.getBlockBlobClient(prefix + key);
  const all = async () => {
    const names = await container.leftovers();
    return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  };
  const isWork = (name: string) => name.startsWith('.tus/') || name.endsWith(' (blocks)');
  return {
    directory,
    database: { path: join(directory, '.tus', 'uploads.sqlite') },
    open: () => new AzureStorage({ container: container.client.containerName, connectionString, prefix }),
    object: async (key) => ((await blob(key).exists()) ? blob(key).downloadToBuffer() : undefined),
    objects: async () => (await all()).filter((name) => !isWork(name)),
    putObject: async (key, bytes) => {
      await blob(key).upload(bytes, bytes.length);
    },
    dropObject: async (key) => {
      await blob(key).delete();
    },
    leftovers: async () => (await all()).filter(isWork),
    close: async () => {
      for (const name of await all()) await blob(name.replace(/ \(blocks\)$/, '')).deleteIfExists();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
