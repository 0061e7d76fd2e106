import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3StorageOptions } from './options.js';

/** Over about ten seconds, with what is waited between them. */
const TRIES = 5;
const CONNECT_MILLISECONDS = 5_000;
/** `Requests` bounds them: the SDK would count what waits for a connection as one that cannot be had. */
const maxSockets = Infinity;

/** The client of the application, or one that ends what hangs: by itself the SDK waits for ever. */
export function clientOf({ client, clientConfig }: S3StorageOptions): S3Client {
  if (client) return client;
  return new S3Client({
    maxAttempts: TRIES,
    // With it the SDK opens a connection for each part, and closes it.
    expectContinueHeader: false,
    ...clientConfig,
    requestHandler: handlerOf(clientConfig),
  });
}

function handlerOf({ requestHandler }: S3ClientConfig = {}): NonNullable<S3ClientConfig['requestHandler']> {
  // A handler that is ready is the application's own.
  if (typeof (requestHandler as { handle?: unknown } | undefined)?.handle === 'function')
    return requestHandler ?? {};
  return {
    connectionTimeout: CONNECT_MILLISECONDS,
    // Each request says its own time; without this a late one is only logged.
    throwOnRequestTimeout: true,
    httpAgent: { maxSockets },
    httpsAgent: { maxSockets },
    ...requestHandler,
  };
}
