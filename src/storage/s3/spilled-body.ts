import { Readable } from 'node:stream';

/** Bytes in a temporary file. */
export interface SpilledBody {
  readonly body: () => Readable;
  readonly length: number;
}

/** All of the bytes, in memory. */
export async function readBack({ body, length }: SpilledBody): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const chunk of body()) at += (chunk as Buffer).copy(bytes, at);
  return bytes;
}

/**
 * A stream of the bytes that never fails: the SDK listens to no error of what it sends, so that one would end the
 * process. What cannot be read aborts the request instead, with the error as its reason.
 */
export function unfailing(body: () => Readable, broken: AbortController): Readable {
  async function* bytes() {
    try {
      yield* body();
    } catch (error) {
      // It ends too early for its length: whoever does not look at the signal stores nothing either.
      broken.abort(error);
    }
  }
  return Readable.from(bytes(), { objectMode: false });
}
