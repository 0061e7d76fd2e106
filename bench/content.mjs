import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const MIB = 1024 * 1024;
const BLOCK = randomBytes(16 * MIB);

/** Pieces of a mebibyte from `start` on, of a content that repeats every 16 MiB. */
export function* pieces(start, length) {
  for (let at = start; at < start + length; at += MIB) {
    const from = at % BLOCK.length;
    yield BLOCK.subarray(from, from + Math.min(MIB, start + length - at));
  }
}

const hashes = new Map();

/** @throws unless the file of the upload holds the content. Limits that keep nothing are not asked. */
export async function verify(server, path, length) {
  if (server.name === 'sink') return;
  if (!hashes.has(length)) {
    const hash = createHash('sha256');
    for (const piece of pieces(0, length)) hash.update(piece);
    hashes.set(length, hash.digest('hex'));
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(server.directory, basename(path))), hash);
  if (hash.digest('hex') !== hashes.get(length)) throw new Error(`${path} does not hold what was sent`);
}
