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

/** Declares tests for Azurite, and for the container that the environment names, if there is one. */
export function eachAzureService(declare: (suite: AzureSuite) => void): void {
  onAzurite(declare);
  if (TEST_AZURE_CONTAINER === undefined) return;
  describe(`on the container ${TEST_AZURE_CONTAINER}`, () => {
    const suite = namedSuite(TEST_AZURE_CONTAINER, TEST_AZURE_CONNECTION_STRING ?? '');
    afterAll(() => suite.container.empty());
    declare(suite);
  });
}

/** Only on this machine: an `AzureProxy` can stand before it. */
export function onAzurite(declare: (suite: AzuriteSuite) => void): void {
  const suite = new AzuriteSuite();
  withService(suite, () => {
    describe('on Azurite', () => {
      beforeAll(() => suite.up());
      afterAll(() => suite.down());
      declare(suite);
    });
  });
}

/** An Azurite with a container that is empty. */
export class AzuriteSuite implements AzureSuite {
  readonly name = AZURITE.name;
  readonly found = AZURITE.found;
  private running: Awaited<ReturnType<typeof AZURITE.start>> | undefined;
  private opened: AzureContainer | undefined;

  get connectionString(): string {
    return this.server.address.connectionString;
  }

  /** Without the account. */
  get endpoint(): string {
    return this.server.address.endpoint;
  }

  get container(): AzureContainer {
    if (!this.opened) throw new Error('Azurite has not been started.');
    return this.opened;
  }

  async up(options: { readonly large?: boolean } = {}): Promise<void> {
    this.running = await AZURITE.start(options);
    const client = clientOf(this.connectionString, `test-${randomUUID()}`);
    await client.create();
    this.opened = new AzureContainer(client, '');
  }

  /** The server takes the container with it. */
  async down(): Promise<void> {
    await this.running?.stop();
  }

  private get server() {
    if (!this.running) throw new Error('Azurite has not been started.');
    return this.running;
  }
}

/** A folder of a container that others use, too. */
function namedSuite(name: string, connectionString: string): AzureSuite {
  const container = new AzureContainer(clientOf(connectionString, name), `nestjs-tus/${randomUUID()}/`);
  return { connectionString, container };
}

export function clientOf(connectionString: string, container: string) {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
}
