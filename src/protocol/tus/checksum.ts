import { InvalidHeaderError } from '../../model/errors/invalid-header.error.js';
import type { Checksum, ChecksumAlgorithm } from '../../model/checksum.js';
import type { HeaderReader } from './headers.js';

const HEADER = 'Upload-Checksum';
/** Missing padding is accepted, as in metadata; padding that is there must be right. */
const CHECKSUM = /^([A-Za-z0-9-]+) ((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?)$/;

/** Which checksums an endpoint reads; with an empty list the header is ignored like any unknown one (OPT-08). */
export interface ChecksumRules {
  readonly algorithms: readonly ChecksumAlgorithm[];
  /** Whether they may come behind the body, too. */
  readonly trailers: boolean;
}

/** What a request says about checksums before its body has arrived. */
export interface ChecksumClaims {
  /** The checksum in the header section (CHK-02). */
  readonly header?: Checksum;
  /** The algorithms that a checksum announced as a trailer may be of (CHK-11); undefined if none was announced. */
  readonly announced?: readonly ChecksumAlgorithm[];
}

/**
 * Reads `Upload-Checksum` and `Trailer`.
 * @throws InvalidHeaderError for another shape, or an algorithm that is not enabled (CHK-02, CHK-05)
 */
export function parseChecksumClaims(
  header: HeaderReader,
  { algorithms, trailers }: ChecksumRules,
): ChecksumClaims {
  if (algorithms.length === 0) return {};
  const value = header(HEADER);
  const names = (header('Trailer') ?? '').split(',').map((name) => name.trim().toLowerCase());
  const announced = trailers && names.includes(HEADER.toLowerCase());
  return {
    ...(value !== undefined && { header: parseChecksum(value, algorithms) }),
    ...(announced && { announced: algorithms }),
  };
}

/**
 * Reads one checksum: algorithm, one space, base64.
 * @throws InvalidHeaderError as above
 */
export function parseChecksum(value: string, enabled: readonly ChecksumAlgorithm[]): Checksum {
  const [, name, digest] = CHECKSUM.exec(value.trim()) ?? [];
  if (!name || !digest) {
    throw new InvalidHeaderError(HEADER, 'is an algorithm, one space, and the digest in base64.');
  }
  const algorithm = enabled.find((known) => known === name.toLowerCase());
  if (!algorithm) throw new InvalidHeaderError(HEADER, `use one of ${enabled.join(', ')}.`);
  return { algorithm, digest: Buffer.from(digest, 'base64') };
}
