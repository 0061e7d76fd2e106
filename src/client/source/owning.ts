import type { Readable } from 'node:stream';

/** Does what a source was handed over for; a stream fails with it, never by itself, and is destroyed in the end. */
export async function owning<T>(input: string | Readable, work: () => Promise<T>): Promise<T> {
  if (typeof input === 'string') return work();
  // Nobody else listens until it is read, and Node ends the process for an error that nobody hears.
  input.on('error', () => undefined);
  try {
    return await work();
  } finally {
    input.destroy();
  }
}
