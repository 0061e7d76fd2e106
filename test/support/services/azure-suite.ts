import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { AzureContainer } from './azure-container.js';
import { AZURITE } from './azurite.js';
import { withService } from './with-service.js';

const { TEST_AZURE_CONTAINER, TEST_AZURE_CONNECTION_STRING } = process.env;

/** The store of a suite; to be read within tests and hooks only. */
export interface AzureSuite {
  readonly connectionString: string;
  readonly container: AzureContainer;
}

/** Declares tests for Azurite, and for the account that the environment names, if there is one. */
export function eachAzureService(declare: (suite: AzureSuite) => void): void {
  onAzurite(declare);
  if (TEST_AZURE_CONTAINER === undefined) return;
  describe(`on the container ${TEST_AZURE_CONTAINER}`, () => {
    let opened: AzureContainer | undefined;
    const connectionString = TEST_AZURE_CONNECTION_STRING ?? '';
    beforeAll(() => {
      const client =
        BlobServiceClient.fromConnectionString(connectionString).getContainerClient(TEST_AZURE_CONTAINER);
      opened = new AzureContainer(client, `nestjs-tus/${randomUUID()}/`);
    });
    afterAll(() => opened?.empty());
    declare({
      connectionString,
      get container() {
        if (!opened) throw new Error('The suite has not begun.');
        return opened;
      },
    });
  });
}

/** Only on this machine: an `AzureProxy` can stand before it. */
export function onAzurite(declare: (suite: AzureSuite & { readonly endpoint: string }) => void): void {
  withService(AZURITE, () => {
    describe('on Azurite', () => {
      let running: Awaited<ReturnType<typeof AZURITE.start>> | undefined;
      let opened: AzureContainer | undefined;
      const up = () => {
        if (!running || !opened) throw new Error('Azurite has not been started.');
        return { address: running.address, container: opened };
      };
      beforeAll(async () => {
        running = await AZURITE.start();
        const service = BlobServiceClient.fromConnectionString(running.address.connectionString);
        opened = new AzureContainer(service.getContainerClient(`test-${randomUUID()}`), '');
        await opened.client.create();
      });
      afterAll(() => running?.stop());
      declare({
        get connectionString() {
          return up().address.connectionString;
        },
        get endpoint() {
          return up().address.endpoint;
        },
        get container() {
          return up().container;
        },
      });
    });
  });
}
