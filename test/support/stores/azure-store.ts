import { randomUUID } from 'node:crypto';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import { AzureProxy } from '../azure-proxy/azure-proxy.js';
import { AZURE_KINDS } from '../azure-proxy/request-kind.js';
import type { AzureKind } from '../azure-proxy/request-kind.js';
import { AzureContainer } from '../services/azure-container.js';
import { AzuriteSuite, clientOf } from '../services/azure-suite.js';
import { addressAt } from '../services/azurite.js';
import type { Bucket, ObjectStore } from './object-store.js';

const HASTY = { requestTimeout: 1_000, checkContainer: false };

export function azureStore(): ObjectStore<AzureKind> {
  const suite = new AzuriteSuite();
  return {
    ...{ name: suite.name, found: suite.found, api: 'azure', kinds: AZURE_KINDS },
    completing: ['Put Block List', 'Get Blob Properties'],
    decisive: [
      ['Put Block'],
      ['Put Block From URL', 'Get Block List'],
      ['Put Block List'],
      ['Put Block List', 'Get Blob Properties'],
      ['Put Blob'],
      ['Put Blob', 'Get Blob Properties'],
      ['Delete Blob', 'Get Block List'],
    ],
    patient: ['Put Block', 'Put Blob', 'Get Blob', 'Put Block From URL', 'Put Block List'],
    up: (options) => suite.up(options),
    down: () => suite.down(),
    open: () => open(suite),
  };
}

async function open({ connectionString, endpoint }: AzuriteSuite): Promise<Bucket<AzureKind>> {
  const container = new AzureContainer(clientOf(connectionString, `test-${randomUUID()}`), '');
  await container.client.create();
  const proxy = await AzureProxy.start(endpoint);
  const options = {
    container: container.client.containerName,
    connectionString: addressAt(proxy.endpoint).connectionString,
  };
  return {
    proxy,
    options: (settings = {}) => ({ ...options, ...settings }),
    storage: ({ hasty = false, ...settings } = {}) =>
      new AzureStorage({ ...options, ...settings, ...(hasty && HASTY) }),
    read: async (key) => {
      const { readableStreamBody } = await container.client.getBlobClient(key).download();
      // A stream of Node; the type has none, as in browsers.
      return readableStreamBody as AsyncIterable<Uint8Array>;
    },
    leftovers: () => container.leftovers(),
    close: async () => {
      await proxy.stop();
      await container.client.delete();
    },
  };
}
