import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { BlobServiceClient } from '@azure/storage-blob';
import { expect, it } from '@jest/globals';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureStorageOptions } from '../../../src/storage/azure/index.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { ACCOUNT, ACCOUNT_KEY, addressAt } from '../../support/services/azurite.js';

onAzurite((suite) => {
  const starting = async (options: Partial<AzureStorageOptions>) => {
    const { connectionString } = suite;
    const account = options.client ? {} : { connectionString };
    const container = suite.container.client.containerName;
    await new AzureStorage({ container, ...account, ...options }).start();
  };

  it('starts with the right container and credentials, and with a client of the application', async () => {
    await starting({});
    await starting({ client: BlobServiceClient.fromConnectionString(suite.connectionString) });
  });

  it('says at start that the container is missing, and what to do', async () => {
    await expect(starting({ container: 'nobody-has-this' })).rejects.toThrow(
      'AzureStorage: the option "container" is nobody-has-this, which cannot be used: create it, or name another one',
    );
  });

  it.each([
    [ACCOUNT, 'anotherone'],
    [ACCOUNT_KEY, Buffer.from('another key').toString('base64')],
  ])('says at start that account or key are wrong', async (right, wrong) => {
    const connectionString = suite.connectionString.replaceAll(right, wrong);
    await expect(starting({ connectionString })).rejects.toThrow(/give the right account and its key/);
  });

  it('says at start that nobody answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const { connectionString } = addressAt(`http://127.0.0.1:${port}`);
    await expect(starting({ connectionString })).rejects.toThrow(/see that the store is up/);
  });

  it('asks nothing at start where that is not wanted', async () => {
    await starting({ container: 'nobody-has-this', checkContainer: false });
  });
});
