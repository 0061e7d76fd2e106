import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TusConnectionError } from '../errors/connection.error.js';
import { TusResponseError } from '../errors/response.error.js';
import { VerificationError } from '../errors/verification.error.js';
import { digestOf } from '../source/digest.js';
import type { LocalFile } from '../source/local-file.js';
import type { Connection } from './connection.js';

interface Verification {
  readonly file: LocalFile;
  readonly url: string;
  readonly signal: AbortSignal;
}

/**
 * Compares SHA-256 of the file with that of what GET gives: the digest that the server tells (RFC 9530), else the bytes.
 * @throws VerificationError if they differ, or the server does not give uploads back.
 */
export async function verifyUpload(
  connection: Connection,
  { file, url, signal }: Verification,
): Promise<void> {
  const there = connection.requester.retry(signal, () => digestAt(connection, url, signal));
  const here = digestOf('sha256', { read: () => file.read(0, file.size) });
  const [remote, local] = await Promise.all([there, here]);
  if (remote !== local) {
    throw new VerificationError(`What the server holds at ${url} is not what ${file.path} has.`, true);
  }
}

async function digestAt({ requester }: Connection, url: string, signal: AbortSignal): Promise<string> {
  const call = { method: 'GET', url, headers: { 'Want-Repr-Digest': 'sha-256=1' }, signal };
  const response = await requester.open(call);
  if (response.statusCode !== 200) return refuse(await requester.read(response, call), url);
  const told = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]+):/.exec(String(response.headers['repr-digest'] ?? ''));
  if (told?.[1]) {
    response.destroy();
    return told[1];
  }
  return hashOf(response, url, signal);
}

function refuse(answer: ConstructorParameters<typeof TusResponseError>[2], url: string): never {
  const error = new TusResponseError('GET', url, answer);
  if (answer.status >= 500 || answer.status === 429) throw error;
  throw new VerificationError(`The upload is complete, but cannot be verified. ${error.message}`, false, {
    cause: error,
  });
}

async function hashOf(response: IncomingMessage, url: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of response as AsyncIterable<Buffer>) hash.update(piece);
  } catch (error) {
    throw signal.aborted ? signal.reason : new TusConnectionError(url, error);
  }
  return hash.digest('base64');
}
