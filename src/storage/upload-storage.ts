import type { Readable } from 'node:stream';
import type { StorageError } from '../model/errors/storage.error.js';
import type { UploadKind } from '../model/upload.js';

/** What a storage is told of an upload: a view of its row, never more. */
export interface StoredUpload {
  readonly id: string;
  readonly kind: UploadKind;
  /** Where the object is published; null for a partial. */
  readonly key: string | null;
  /** The storage's own words about where the bytes are, as it last put them on record; null before. */
  readonly reference: string | null;
  /** Bytes that are durable. What is stored beyond them counts as nothing. */
  readonly offset: number;
  readonly length: number | null;
  /** Grows with each writer; names made from it are never used again. */
  readonly epoch: number;
}

export interface WriteContext {
  /**
   * True when an earlier writer of this upload never said that it had stopped. It may still write, so nothing may
   * be written where it could.
   */
  readonly fenced: boolean;
  /** Aborts when the right to write is given up or lost: stop at the next whole step. */
  readonly signal: AbortSignal;
  /** Puts a new `reference` on record, before anything that it names is created. */
  record(reference: string): Promise<void>;
}

export interface AppendContext extends WriteContext {
  /** Tells that the upload is durable up to `offset`, counted from its beginning. */
  progress(offset: number): void;
  /**
   * Tells that nobody needs the chunks of the newest batch any more: their memory is freed at once, and they are empty
   * then. Without this call the garbage collector frees them, which costs the more the more the application keeps
   * alive. Batches that the storage made itself are left alone.
   */
  release(batch: readonly Buffer[]): void;
}

export interface AppendResult {
  /** Durable bytes of the upload, counted from its beginning; never less than before. */
  readonly offset: number;
  /** Why it stopped early, if the storage was the reason. */
  readonly failure?: StorageError;
  /**
   * Every byte of the upload is stored, as safe as completion would make it, and nothing else: `complete` need not look
   * at them again.
   */
  readonly secured?: boolean;
}

/** A range of a stored upload that becomes part of a final. */
export interface ConcatSource {
  readonly upload: StoredUpload;
  readonly start: number;
  readonly length: number;
  /** The source is released after the merge and nobody else reads it: its bytes may be taken instead of copied. */
  readonly adoptable: boolean;
}

/** Bytes from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Holds bytes. It never speaks HTTP and never touches the row; each method says what a second call after a crash
 * finds, because recovery is a second call. Whatever fails throws a `StorageError`.
 */
export interface UploadStorage {
  /** A directory of this machine beside which the module may keep its embedded database; none for remote storages. */
  readonly homeDirectory?: string;

  /** Makes ready, once, before the first upload. */
  start?(): Promise<void>;

  /**
   * Refuses a key that this storage cannot hold.
   * @throws StorageError of kind `conflict` naming what is wrong with it.
   */
  checkKey(key: string): void;

  /**
   * Appends batches at `upload.offset` and tells what is durable. The body never throws: when it stops, for whatever
   * reason, everything handed over is made durable. A failure of the storage is returned, not thrown, so that the
   * offset that was reached is not lost.
   */
  append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult>;

  /**
   * Makes all bytes safe and, unless the upload is a partial, publishes them under the key, atomically and never over
   * another object. A second call finds the published object and succeeds. `secured` is what the append of the last
   * byte has told, if nobody has written since.
   */
  complete(upload: StoredUpload, secured?: boolean): Promise<void>;

  /**
   * Writes the sources, in order, as the bytes of `final`, ready for `complete`. A second call starts again or goes
   * on; sources stay readable.
   */
  concatenate(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void>;

  /** Bytes of an unfinished upload that were just made durable, though no row counts them yet. */
  readUnfinished(upload: StoredUpload, range: ByteRange): Promise<Readable>;

  /** Removes everything but the published object. Idempotent. */
  discardWork(upload: StoredUpload): Promise<void>;

  /**
   * A stream of the bytes of a complete upload; all of them without a range. It gives every byte or fails: it never
   * ends early. Destroying it frees what it holds.
   */
  read(upload: StoredUpload, range?: ByteRange): Promise<Readable>;

  /**
   * Removes everything that was stored, the published object too. Idempotent. `published` says that the row reached
   * `complete`: what is under the key is ours. Without it the storage removes only an object that it can prove to be
   * this upload's, since a foreign one may have the key.
   */
  remove(upload: StoredUpload, published: boolean): Promise<void>;

  /**
   * Removes leftovers that no row knows. `known` answers which of the ids have a row that still needs working
   * bytes. Resolves with how many were removed.
   */
  sweep?(known: (ids: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;
}
