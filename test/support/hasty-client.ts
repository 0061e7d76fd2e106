import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** Milliseconds that a request has at most, whatever its size, so that one without an answer costs little. */
const PATIENCE = 1_000;
const TRIES = 3;

/** A client that gives up soon, for a store that often fails. */
export function hastyClient(config: S3ClientConfig): S3Client {
  const client = new S3Client({
    ...config,
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: PATIENCE, throwOnRequestTimeout: true },
  });
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = (request, options) =>
    handle(request, { ...options, requestTimeout: PATIENCE }).catch((error: unknown) => {
      throw ofThisRealm(error);
    });
  return client;
}

/** Errors of sockets are made outside of what the test runner shows us; the SDK would not take them for errors, nor try again. */
function ofThisRealm(error: unknown): unknown {
  if (error instanceof Error) return error;
  const { name, message } = error as Error;
  return Object.assign(new Error(message), error, { name });
}
