import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3StorageOptions } from './options.js';

/** Over about ten seconds, with what is waited between them. */
const TRIES = 5;
const CONNECT_MILLISECONDS = 5_000;
/** Uploads share the connections: four parts of thirty at once. */
const SOCKETS = 120;

export interface Clients {
  readonly client: S3Client;
  /** A download holds its connection for as long as its client takes: no upload waits for that. */
  readonly downloads: S3Client;
}

/** The client of the application, or such as end what hangs: by itself the SDK waits for ever. */
export function clientsOf({ client: given, clientConfig }: S3StorageOptions): Clients {
  if (given) return { client: given, downloads: given };
  const config = { maxAttempts: TRIES, ...clientConfig };
  const client = new S3Client({ ...config, requestHandler: handlerOf(SOCKETS, clientConfig) });
  // What has to be asked for, such as credentials, is asked for once.
  const { credentials } = client.config;
  const requestHandler = handlerOf(Infinity, clientConfig);
  return { client, downloads: new S3Client({ ...config, credentials, requestHandler }) };
}

function handlerOf(
  maxSockets: number,
  { requestHandler }: S3ClientConfig = {},
): NonNullable<S3ClientConfig['requestHandler']> {
  // A handler that is ready is the application's own.
  if (typeof (requestHandler as { handle?: unknown } | undefined)?.handle === 'function')
    return requestHandler ?? {};
  const agent = { maxSockets };
  return {
    connectionTimeout: CONNECT_MILLISECONDS,
    // Each request says its own time; without this a late one is only logged.
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
    ...requestHandler,
  };
}
