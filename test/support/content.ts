import { createCipheriv, createHash } from 'node:crypto';
import type { Cipher } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const BLOCK = 4 * 1024 * 1024;

/** Bytes that a seed determines and that differ everywhere, so that a shifted or repeated block shows. */
export function content(length: number, seed = 1): Buffer {
  return keystream(seed).update(Buffer.alloc(length));
}

/** Writes such bytes to a file, a block at a time; resolves with their SHA-256. */
export async function contentFile(path: string, length: number, seed: number): Promise<string> {
  const stream = keystream(seed);
  const hash = createHash('sha256');
  const file = createWriteStream(path);
  for (let at = 0; at < length; at += BLOCK) {
    const block = stream.update(Buffer.alloc(Math.min(BLOCK, length - at)));
    hash.update(block);
    if (!file.write(block)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return hash.digest('hex');
}

export async function sha256Of(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

function keystream(seed: number): Cipher {
  const key = createHash('sha256').update(String(seed)).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
}
