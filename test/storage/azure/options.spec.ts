import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, it } from '@jest/globals';
import { TusOptionError } from '../../../src/index.js';
import type { TusModuleOptions } from '../../../src/index.js';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureStorageOptions } from '../../../src/storage/azure/index.js';
import { addressAt } from '../../support/services/azurite.js';
import { TusApp } from '../../support/tus-app.js';

const { connectionString } = addressAt('http://127.0.0.1:10000');
const client = BlobServiceClient.fromConnectionString(connectionString);

describe('an option that is wrong is named at construction', () => {
  it.each([
    [{ container: '' }, 'the option "container" must be the name of a container'],
    [{ container: undefined }, 'the option "container"'],
    [{ container: 'Up' }, 'the option "container"'],
    [{ container: 'up--loads' }, 'the option "container"'],
    [{ container: '$root' }, 'the option "container"'],
    [{ connectionString: '' }, 'the option "connectionString" must be what the portal shows'],
    [{ connectionString: 'x' }, 'the option "connectionString" must be one that @azure/storage-blob reads'],
    [{ connectionString: undefined }, 'the option "connectionString" must be given, or "client"'],
    [{ client: {} }, 'the option "client" must be a client'],
    [{ client }, 'the option "connectionString" must be left out where "client" is given'],
    [{ prefix: '/a' }, 'the option "prefix"'],
    [{ prefix: 'a./' }, 'the option "prefix"'],
    [{ prefix: 'a\\' }, 'the option "prefix"'],
    [{ partSize: 262_143 }, 'whole bytes from 256 KiB (262144) to 4000 MiB'],
    [{ partSize: 4_194_304_001 }, 'the option "partSize"'],
    [{ partsInFlight: 0 }, 'the option "partsInFlight"'],
    [{ memory: 100 }, 'the option "memory" must be a PartMemory'],
    [{ overwrite: 'yes' }, 'the option "overwrite" must be true or false; it is "yes".'],
    [{ requestTimeout: 0 }, 'the option "requestTimeout"'],
    [{ blob: 'x' }, 'the option "blob"'],
    [{ blob: { contentTyp: 'x' } }, '"blob.contentTyp"'],
    [{ blob: { metadata: { TUS_upload: 'x' } } }, '"blob.metadata"'],
    [{ blob: { metadata: { Name: 'x', name: 'y' } } }, 'names that differ in more than case'],
    [{ blob: { metadata: { 'a-b': 'x', a_X2D_b: 'y' } } }, 'names that differ in more than case'],
    [{ contaner: 'x' }, 'the option "contaner" must be left out: there is no such option'],
  ])('%#: %s', (options, message) => {
    const given = { container: 'uploads', connectionString, ...options } as unknown as AzureStorageOptions;
    expect(() => new AzureStorage(given)).toThrow(TusOptionError);
    expect(() => new AzureStorage(given)).toThrow(message);
  });
});

describe('unfinished uploads, whose blocks Azure forgets after seven days', () => {
  const started = async (expiration: TusModuleOptions['expiration']) => {
    const storage = new AzureStorage({ container: 'uploads', connectionString, checkContainer: false });
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-azure-'));
    try {
      const database = { path: join(directory, 'db') };
      const app = await TusApp.start({ directory, tus: { storage, database, expiration } });
      await app.stop();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };

  it.each([false, '7d', '145h', { unfinished: false }] as const)(
    'must not be kept for longer than six of them (%j), which is said at start',
    async (expiration) => {
      await expect(started(expiration)).rejects.toThrow(
        /option "expiration.unfinished" is .*; use 518400000 ms or less: this storage keeps unfinished uploads no longer/,
      );
    },
  );

  it('may be kept for six of them', async () => {
    await started({ unfinished: '6d' });
  });
});

it.each([
  { connectionString: 'AccountKey=hush;' },
  { connectionstring: 'AccountKey=hush;' },
  { sasUrl: 'https://account.blob.core.windows.net/?sig=hush' },
  { connectionString, blob: { accountKey: 'hush' } },
])('secrets stay out of the sentence, under a wrong name too (%#)', (options) => {
  const construct = () => new AzureStorage({ container: 'uploads', ...options } as AzureStorageOptions);
  expect(construct).toThrow(/^AzureStorage: the option "[A-Za-z.]+" must (?!.*hush)/);
});

it('the options are left as they were', () => {
  const options = Object.freeze({ container: 'uploads', connectionString });
  expect(() => new AzureStorage(options)).not.toThrow();
});
