import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ChecksumMismatchError, InvalidHeaderError } from '../../src/index.js';
import type { Checksum, ChecksumAlgorithm, ChecksumInput } from '../../src/index.js';
import { BodyChecksums, mayBeChecked, verifyNothing, verifyStored } from '../../src/uploads/checksums.js';

const BATCHES = [[Buffer.from('hel'), Buffer.from('lo')], [Buffer.from(' world')]];
const WHOLE = 'hello world';

function checksum(bytes: string, algorithm: ChecksumAlgorithm = 'sha1'): Checksum {
  return { algorithm, digest: createHash(algorithm).update(bytes).digest() };
}

function crc32(hex: string): Checksum {
  return { algorithm: 'crc32', digest: Buffer.from(hex, 'hex') };
}

/** Lets the body pass, and verifies it. */
async function verify(input: ChecksumInput): Promise<Checksum | undefined> {
  const checksums = new BodyChecksums(input);
  const passed: string[] = [];
  for await (const batch of checksums.over(Readable.from(BATCHES)))
    passed.push(Buffer.concat(batch).toString());
  expect(passed).toEqual(['hello', ' world']);
  return checksums.verify();
}

describe('the checksums of a body', () => {
  it.each([
    checksum(WHOLE, 'sha1'),
    checksum(WHOLE, 'sha256'),
    checksum(WHOLE, 'sha512'),
    checksum(WHOLE, 'md5'),
    crc32('0d4a1185'),
  ])('pass when %p is right, whose bytes went through unchanged (CHK-01)', async (header) => {
    expect(await verify({ header })).toBeUndefined();
  });

  it('have the highest byte of a CRC first (CHK-02)', async () => {
    await verifyStored([Buffer.from('1234'), Buffer.from('56789')], crc32('cbf43926'));
    await expect(verifyStored([Buffer.from('123456789')], crc32('2639f4cb'))).rejects.toThrow(
      ChecksumMismatchError,
    );
  });

  it.each([checksum('other'), { algorithm: 'sha1', digest: Buffer.alloc(3) } as const, crc32('00000000')])(
    'fail when %p is wrong, in a sentence without a digest (CHK-04)',
    async (header) => {
      await expect(verify({ header })).rejects.toThrow(ChecksumMismatchError);
      await expect(verify({ header })).rejects.not.toThrow(Buffer.from(header.digest).toString('base64'));
    },
  );

  it('ask for nothing when nothing was said', async () => {
    expect(new BodyChecksums({}).wanted).toBe(false);
    expect(new BodyChecksums({ trailer: () => undefined }).wanted).toBe(false);
    expect(await verify({})).toBeUndefined();
  });

  it('hash with all that a trailer may be of where nobody can read the bytes again (CHK-13)', async () => {
    const unreadable = (input: ChecksumInput) => new BodyChecksums(input, { readable: false });
    const trailer = () => undefined;
    expect(new BodyChecksums({ trailer }).hashing).toBe(false);
    expect(unreadable({ trailer })).toMatchObject({ hashing: true, wanted: false });
    expect(unreadable({ trailer, algorithms: [] }).hashing).toBe(false);
    expect(unreadable({}).hashing).toBe(false);
    const said = checksum('', 'md5');
    expect(unreadable({ trailer: () => said }).verify()).toBeUndefined();
    expect(() => unreadable({ trailer: () => checksum('x', 'sha512') }).verify()).toThrow(
      ChecksumMismatchError,
    );
    expect(unreadable({ trailer: () => said, algorithms: ['sha1'] }).verify()).toBe(said);
  });

  it('hold bytes back that were said to be checked, from the beginning or at the end (CHK-03, CHK-12)', () => {
    expect(new BodyChecksums({ header: checksum('') }).wanted).toBe(true);
    expect(new BodyChecksums({ announced: ['sha1'] }).wanted).toBe(true);
  });

  it('take any enabled algorithm from a trailer that was announced (CHK-12)', async () => {
    const announced = ['sha1', 'md5', 'crc32'] as const;
    for (const said of [checksum(WHOLE), checksum(WHOLE, 'md5'), crc32('0d4a1185')]) {
      expect(await verify({ announced, trailer: () => said })).toBeUndefined();
    }
    const wrong = verify({ announced, trailer: () => checksum('other', 'md5') });
    await expect(wrong).rejects.toThrow(ChecksumMismatchError);
  });

  it('miss a trailer that was announced (CHK-12)', async () => {
    await expect(verify({ announced: ['sha1'], trailer: () => undefined })).rejects.toThrow(
      InvalidHeaderError,
    );
    await expect(verify({ announced: ['sha1'], header: checksum(WHOLE) })).rejects.toThrow(
      InvalidHeaderError,
    );
  });

  it('must all be right (CHK-14)', async () => {
    const announced = ['sha1', 'sha256'] as const;
    const [right, wrong] = [checksum(WHOLE), checksum('other', 'sha256')];
    await expect(verify({ announced, header: right, trailer: () => wrong })).rejects.toThrow(
      ChecksumMismatchError,
    );
    await expect(verify({ announced, header: wrong, trailer: () => right })).rejects.toThrow(
      ChecksumMismatchError,
    );
    expect(await verify({ announced, header: right, trailer: () => right })).toBeUndefined();
  });

  it('give a trailer back that nobody announced, beside a right header too (CHK-13, CHK-14)', async () => {
    const trailer = () => checksum('to be read again', 'md5');
    expect(await verify({ trailer })).toEqual(trailer());
    expect(await verify({ header: checksum(WHOLE), trailer })).toEqual(trailer());
  });

  it('of a body without a byte are those of nothing (CHK-08)', async () => {
    for (const said of [checksum(''), crc32('00000000')]) {
      await verifyNothing({ header: said });
      await verifyNothing({ announced: [said.algorithm], trailer: () => said });
      await verifyNothing({ trailer: () => said });
    }
    await verifyNothing();
    await expect(verifyNothing({ header: checksum('x') })).rejects.toThrow(ChecksumMismatchError);
    await expect(verifyNothing({ trailer: () => checksum('x') })).rejects.toThrow(ChecksumMismatchError);
  });

  it.each([
    [undefined, false],
    [{}, false],
    [{ header: checksum('') }, true],
    [{ announced: ['sha1'] }, true],
    [{ trailer: () => undefined }, true],
  ] as [ChecksumInput | undefined, boolean][])('may still come out wrong for %p: %p', (input, expected) => {
    expect(mayBeChecked(input)).toBe(expected);
  });
});
