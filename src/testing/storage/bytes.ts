import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import type { Readable } from 'node:stream';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Bytes that look random and are the same for each call; another seed gives others at every position. */
export function bytesOf(size: number, seed = 1): Buffer {
  const key = Buffer.alloc(16, seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** What a size is called in a title. */
export function sizeName(size: number): string {
  const [unit, name] = size >= MIB - 1 ? [MIB, 'MiB'] : [KIB, 'KiB'];
  const whole = Math.round(size / unit);
  const rest = size - whole * unit;
  if (size < KIB || Math.abs(rest) > 1) return size === 1 ? '1 byte' : `${size} bytes`;
  if (rest === 0) return `${whole} ${name}`;
  return `${whole} ${name} ${rest > 0 ? 'and' : 'less'} one byte`;
}

/** Says where bytes differ, and not what they are: there may be millions. */
export function assertBytes(actual: Buffer | undefined, expected: Buffer, what: string): void {
  assert.ok(actual, `${what} is not there.`);
  if (actual.equals(expected)) return;
  const end = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < end && actual[at] === expected[at]) at += 1;
  assert.fail(`${what} has ${actual.length} bytes of ${expected.length}, and is another from byte ${at} on.`);
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
