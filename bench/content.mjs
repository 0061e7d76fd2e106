import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';

const MIB = 1024 * 1024;
const BLOCK = randomBytes(16 * MIB);

/** Pieces of a mebibyte from `start` on, of a content that repeats every 16 MiB. */
export function* pieces(start, length) {
  for (let at = start; at < start + length;) {
    const from = at % BLOCK.length;
    const piece = BLOCK.subarray(from, from + Math.min(MIB, start + length - at));
    at += piece.length;
    yield piece;
  }
}

const hashes = new Map();

/** @throws Error unless the server keeps the content under this path. Limits that keep nothing are not asked. */
export async function verify(server, path, length) {
  if (server.name === 'sink') return;
  if (!hashes.has(length)) {
    const hash = createHash('sha256');
    for (const piece of pieces(0, length)) hash.update(piece);
    hashes.set(length, hash.digest('hex'));
  }
  await verifyHash(server, path, hashes.get(length));
}

/** @throws Error unless what the server keeps under this path has this sha256, in hex. */
export async function verifyHash(server, path, expected) {
  const hash = createHash('sha256');
  await pipeline(await server.content(path), hash);
  if (hash.digest('hex') !== expected) throw new Error(`${path} does not hold what was sent`);
}
