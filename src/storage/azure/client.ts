import { BlobServiceClient } from '@azure/storage-blob';
import { wrongConnection } from './check-options.js';
import type { AzureStorageOptions } from './options.js';

/**
 * The client of the application, or one that leaves trying again to the storage: by itself the SDK waits four seconds
 * before it does.
 * @throws TusOptionError for a connection string that is none
 */
export function clientOf({ client, connectionString = '' }: AzureStorageOptions): BlobServiceClient {
  if (client) return client;
  try {
    return BlobServiceClient.fromConnectionString(connectionString, { retryOptions: { maxTries: 1 } });
  } catch {
    // What is wrong with it may quote it.
    const fix = 'be one that @azure/storage-blob reads, such as the portal shows under access keys';
    throw wrongConnection(fix);
  }
}
