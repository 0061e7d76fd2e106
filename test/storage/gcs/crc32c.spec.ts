import { setImmediate as turn } from 'node:timers/promises';
import { CRC32C } from '@google-cloud/storage';
import { expect, it } from '@jest/globals';
import { sumOf } from '../../../src/storage/gcs/composer.js';
import { crc32c, crc32cOfBoth, crc32cText, parseCrc32c } from '../../../src/storage/gcs/crc32c.js';
import { LARGEST_OBJECT } from '../../../src/storage/gcs/options.js';
import { Random } from '../../reliability/random.js';
import { content } from '../../support/content.js';

it.each([
  ['', 0],
  // RFC 3720, appendix B.4
  ['\0'.repeat(32), 0x8a9136aa],
  ['123456789', 0xe3069283],
])('the CRC32C of %j is known', (text, sum) => {
  expect(crc32c(Buffer.from(text))).toBe(sum);
});

it('is the one that the client library computes, in one go or in pieces', () => {
  const bytes = content(10_007);
  const library = new CRC32C();
  library.update(bytes);
  expect(crc32cText(crc32c(bytes))).toBe(library.toString());
  expect(crc32c(bytes.subarray(4321), crc32c(bytes.subarray(0, 4321)))).toBe(crc32c(bytes));
});

it('of two pieces follows from theirs, whatever their lengths', () => {
  const random = Random.of(1, 0);
  for (let run = 0; run < 200; run++) {
    const bytes = content(random.below(3000), run);
    const cut = random.below(bytes.length + 1);
    const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    expect(crc32cOfBoth(crc32c(first), crc32c(second), second.length)).toBe(crc32c(bytes));
  }
});

it('of pieces longer than 4 GiB is found without reading them', () => {
  const zeros = (power: number): number => {
    let sum = crc32c(Buffer.alloc(1));
    for (let length = 1; length < 2 ** power; length *= 2) sum = crc32cOfBoth(sum, sum, length);
    return sum;
  };
  expect(zeros(20)).toBe(crc32c(Buffer.alloc(2 ** 20)));
  // Put together in two ways.
  const three = crc32cOfBoth(crc32cOfBoth(zeros(33), zeros(33), 2 ** 33), zeros(33), 2 ** 33);
  expect(crc32cOfBoth(zeros(33), zeros(34), 2 ** 34)).toBe(three);
});

it('of all parts of the largest object there is does not stop the server', async () => {
  const zeros = {
    name: '',
    generation: '',
    length: 32 * 2 ** 20,
    crc32c: crc32c(Buffer.alloc(32 * 2 ** 20)),
  };
  const half = sumOf(Array.from({ length: 5 * 2 ** 14 }, () => zeros));
  const whole = sumOf(Array.from({ length: 5 * 2 ** 15 }, () => zeros));
  // Matrices that are made for each part take so long that the time of this test is over, which it hears a turn later.
  await turn();
  await turn();
  expect(whole).toEqual(sumOf([half, half].map((sum) => ({ ...zeros, ...sum }))));
  expect(whole.length).toBe(LARGEST_OBJECT);
});

it('is written as the store writes it, and read again', () => {
  expect(parseCrc32c(crc32cText(0xfedcba98))).toBe(0xfedcba98);
  expect(parseCrc32c('')).toBeNaN();
});
