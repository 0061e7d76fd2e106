import type { Readable } from 'node:stream';
import { TusClientOptionError } from '../errors/client-option.error.js';

/**
 * Does what a source was handed over for; a stream fails with it, never by itself, and is destroyed in the end.
 * @throws TusClientOptionError for what is neither a path nor a stream.
 */
export async function owning<T>(input: string | Readable, work: () => Promise<T>): Promise<T> {
  if (typeof input === 'string') return work();
  if (!isStream(input)) {
    throw new TusClientOptionError(
      'input',
      input,
      'give the path of a file or a stream of Node (of bytes: Readable.from([bytes]); of the web: Readable.fromWeb)',
    );
  }
  // Nobody else listens until it is read, and Node ends the process for an error that nobody hears.
  input.on('error', () => undefined);
  try {
    return await work();
  } finally {
    input.destroy();
  }
}

function isStream(input: Partial<Readable> | null | undefined): boolean {
  return (
    typeof input?.on === 'function' &&
    typeof input.destroy === 'function' &&
    typeof input[Symbol.asyncIterator] === 'function'
  );
}
