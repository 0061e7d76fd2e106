import { createHash } from 'node:crypto';
import type { ChecksumAlgorithm } from '../../model/checksum.js';
import type { Body } from '../http/body.js';

/** The algorithms that this client checks requests with. */
export const CLIENT_CHECKSUMS = ['sha1', 'sha256', 'sha512', 'md5'] as const satisfies ChecksumAlgorithm[];

export type ClientChecksum = (typeof CLIENT_CHECKSUMS)[number];

/** The value of `Upload-Checksum` for these bytes. */
export async function checksumOf(algorithm: ClientChecksum, body: Body): Promise<string> {
  return `${algorithm} ${await digestOf(algorithm, body)}`;
}

/** In base64. */
export async function digestOf(algorithm: ClientChecksum, { read }: Pick<Body, 'read'>): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of read()) hash.update(piece);
  return hash.digest('base64');
}
