import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** Beneath it a chunk is not worth the call. */
const LEAST_BYTES = 1024;

/**
 * Gives memory of chunks back before a garbage collection would. V8 answers the bytes that wait for one outside its
 * heap with full collections, each of which marks all that the application keeps alive: receiving would cost the more
 * CPU the larger the application is.
 */
export class ChunkMemory {
  private readonly nowhere: MessagePort;

  constructor() {
    const { port1 } = new MessageChannel();
    // What is posted on a closed port is taken from the sender and dropped; `ArrayBuffer.transfer` came with Node 22.
    port1.close();
    this.nowhere = port1;
  }

  /** Frees the chunks, which are empty then. One that shares its memory with something else is left alone. */
  free(chunks: readonly Buffer[]): void {
    const memory = chunks.filter(isAlone).map(({ buffer }) => buffer as ArrayBuffer);
    if (memory.length === 0) return;
    try {
      this.nowhere.postMessage(undefined, memory);
    } catch {
      // Memory that must not be taken away is left to the collector.
    }
  }
}

function isAlone({ length, buffer }: Buffer): boolean {
  return length >= LEAST_BYTES && length === buffer.byteLength;
}

/**
 * Whether chunks are Node's own and no other reader has seen one so far, or will see the one that is passed on now: who
 * keeps a chunk must not find it empty. Streams of the application bring memory of the application.
 */
export function readByNobodyElse(source: Readable): boolean {
  return (
    source instanceof IncomingMessage &&
    source.socket instanceof Socket &&
    source.listenerCount('data') <= 1 &&
    source.listenerCount('readable') === 0
  );
}
