import type { Readable } from 'node:stream';
import type { Part } from '../../model/part.js';

/** A part on its way to the store. */
export interface PartBytes extends Omit<Part, 'tag' | 'tail'> {
  /** The bytes, or where memory was used up a function that gives a new stream of them for each try. */
  readonly body: Buffer | (() => Readable);
  /** Aborts when the call is not waited for any longer: it ends soon, and does not try again. */
  readonly signal?: AbortSignal | undefined;
}

/** What an object store does for one append. Each call tries again by itself: what it rejects with is final. */
export interface PartTarget {
  /**
   * Stores a part and resolves with its tag. The bytes do not change until it settles. Never called twice with one
   * number; up to `PartRules.inFlight` calls at once. A reference is put on record here and nowhere else: only then the
   * numbers are safe from a silent writer, which is what a record of the reference says.
   */
  put(part: PartBytes): Promise<string>;
  /** Stores a remainder as an object of its own, named by epoch and number, and resolves with its tag. */
  putTail(part: PartBytes): Promise<string>;
  /**
   * The bytes of a tail.
   * @throws StorageError of kind `missing` if there is no such object
   */
  readTail(part: Part): Promise<Readable>;
  /** Removes the object of a tail. Idempotent. It runs in the background: a tail that it leaves stays on record. */
  removeTail(part: Part): Promise<void>;
}

/** The end of an upload that has all its bytes: what is behind the last stored part is at hand, and not stored yet. */
export interface LastPart {
  /** All parts that count and are stored, in order. Without one the upload can become a single object. */
  readonly parts: readonly Part[];
  /**
   * What follows them; undefined where nothing does. Its number is on record nowhere: who puts it as a part records
   * the number if the put fails, because bytes may still arrive under it.
   */
  readonly bytes: PartBytes | undefined;
  /** Gives the memory, or the temporary file, back. Never rejects. */
  free(): Promise<void>;
}
