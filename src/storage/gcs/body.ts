import { setImmediate as turn } from 'node:timers/promises';
import type { PartBytes } from '../parts/part-target.js';
import { crc32c } from './crc32c.js';

/** Bytes that are hashed, or handed on, in one go: the event loop waits a millisecond for them. */
const SLICE = 1024 * 1024;

/** Bytes to send, and their checksum. */
export interface GcsBody extends Pick<PartBytes, 'body' | 'length' | 'signal'> {
  readonly crc32c: number;
}

export const EMPTY: GcsBody = { body: Buffer.alloc(0), length: 0, crc32c: 0 };

/** Reads bytes once for their checksum, before they are sent: then the store can refuse others. */
export async function hashed({
  body,
  length,
  signal,
}: Pick<PartBytes, 'body' | 'length' | 'signal'>): Promise<GcsBody> {
  let sum = 0;
  for await (const chunk of chunksOf({ body })) {
    sum = crc32c(chunk, sum);
    if (length > SLICE) await turn();
  }
  return { body, length, signal, crc32c: sum };
}

/** The bytes, from their beginning each time. */
export async function* chunksOf({ body }: Pick<PartBytes, 'body'>): AsyncGenerator<Buffer, void> {
  if (Buffer.isBuffer(body)) {
    for (let at = 0; at < body.length; at += SLICE) yield body.subarray(at, at + SLICE);
    return;
  }
  const stream = body();
  try {
    yield* stream as AsyncIterable<Buffer>;
  } finally {
    stream.destroy();
  }
}
