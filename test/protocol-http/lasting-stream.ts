import { Readable } from 'node:stream';

/** Gives these bytes, and neither more nor an end. */
export function lastingStream(bytes: string): Readable {
  const given = bytes === '' ? [] : [bytes];
  return new Readable({
    read() {
      const next = given.shift();
      if (next !== undefined) this.push(next);
    },
  });
}

/** Resolves when a stream is closed, with or without an error. */
export function whenClosed(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}
