import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes a file of random bytes. */
export async function makeFile(path: string, size: number): Promise<void> {
  await pipeline(Readable.from(pieces(size)), createWriteStream(path));
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function* pieces(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= 1024 ** 2) yield randomBytes(Math.min(left, 1024 ** 2));
}
