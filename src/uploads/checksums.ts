import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { CHECKSUM_ALGORITHMS } from '../model/checksum.js';
import { ChecksumMismatchError } from '../model/errors/checksum-mismatch.error.js';
import { InvalidHeaderError } from '../model/errors/invalid-header.error.js';
import type { Checksum, ChecksumAlgorithm } from '../model/checksum.js';

/** What a request says that its bytes hash to: before them, behind them, or both. */
export interface ChecksumInput {
  readonly header?: Checksum;
  /** Algorithms that an announced checksum behind the body may be of; undefined if none was announced. */
  readonly announced?: readonly ChecksumAlgorithm[];
  /** Reads the checksum behind the body once that has ended; undefined if there is none. */
  readonly trailer?: () => Checksum | undefined;
  /** Algorithms that a checksum behind the body may be of which nobody announced. Default: all of them. */
  readonly algorithms?: readonly ChecksumAlgorithm[];
}

interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Hashes the bytes of one request while they pass, only with what may be asked for. */
export class BodyChecksums {
  private readonly hashes: ReadonlyMap<ChecksumAlgorithm, Hash>;

  /** `readable`: bytes that have passed can be read again, for a checksum that comes unannounced (CHK-13). */
  constructor(
    private readonly input: ChecksumInput,
    { readable = true }: { readonly readable?: boolean } = {},
  ) {
    const { header, announced, trailer } = input;
    const unannounced = trailer && !readable ? (input.algorithms ?? CHECKSUM_ALGORITHMS) : [];
    const algorithms = [...(header ? [header.algorithm] : []), ...(announced ?? unannounced)];
    this.hashes = new Map(algorithms.map((algorithm) => [algorithm, newHash(algorithm)]));
  }

  /** Whether bytes count only if they verify, so that none of a body that broke off do (CHK-03, CHK-09). */
  get wanted(): boolean {
    return this.input.header !== undefined || this.input.announced !== undefined;
  }

  /** Whether bytes that pass are hashed: until the end nobody knows whether they will count. */
  get hashing(): boolean {
    return this.hashes.size > 0;
  }

  async *over(body: AsyncIterable<readonly Buffer[]>): AsyncGenerator<readonly Buffer[], void, undefined> {
    for await (const batch of body) {
      for (const hash of this.hashes.values()) for (const bytes of batch) hash.update(bytes);
      yield batch;
    }
  }

  /**
   * Compares what passed with what was said: header and trailer must both be right (CHK-14). Returns the checksum of a
   * trailer that nobody announced (CHK-13), if its algorithm was not known in time: the bytes have to be read again.
   * @throws ChecksumMismatchError; InvalidHeaderError for an announced checksum that did not come (CHK-12)
   */
  verify(): Checksum | undefined {
    const { header, announced } = this.input;
    const trailer = this.input.trailer?.();
    if (announced && !trailer) {
      throw new InvalidHeaderError('Upload-Checksum', 'was announced as a trailer and did not come.');
    }
    const digests = new Map([...this.hashes].map(([algorithm, hash]) => [algorithm, hash.digest()]));
    const known = announced !== undefined || (trailer !== undefined && digests.has(trailer.algorithm));
    for (const said of [header, known ? trailer : undefined]) {
      const actual = said && digests.get(said.algorithm);
      if (said && !(actual && same(actual, said.digest))) throw new ChecksumMismatchError();
    }
    return known ? undefined : trailer;
  }
}

/** Whether a request could still turn out to be wrong once all of its bytes are there. */
export function mayBeChecked({ header, announced, trailer }: ChecksumInput = {}): boolean {
  return [header, announced, trailer].some((source) => source !== undefined);
}

/**
 * Verifies a body that ended without a byte (CHK-08).
 * @throws as `BodyChecksums.verify`
 */
export async function verifyNothing(input: ChecksumInput = {}): Promise<void> {
  const unannounced = new BodyChecksums(input).verify();
  if (unannounced) await verifyStored([], unannounced);
}

/**
 * Verifies stored bytes against a checksum that came unannounced behind them (CHK-13).
 * @throws ChecksumMismatchError
 */
export async function verifyStored(
  stored: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  checksum: Checksum,
): Promise<void> {
  const hash = newHash(checksum.algorithm);
  for await (const bytes of stored) hash.update(bytes);
  if (!same(hash.digest(), checksum.digest)) throw new ChecksumMismatchError();
}

function newHash(algorithm: ChecksumAlgorithm): Hash {
  return algorithm === 'crc32' ? new Crc32() : createHash(algorithm);
}

function same(actual: Uint8Array, said: Uint8Array): boolean {
  return Buffer.compare(actual, said) === 0;
}

/** Four bytes, the highest first (CHK-02). */
class Crc32 implements Hash {
  private value = 0;

  update(bytes: Uint8Array): void {
    this.value = zlib.crc32(bytes, this.value);
  }

  digest(): Uint8Array {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(this.value);
    return digest;
  }
}
