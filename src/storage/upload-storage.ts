import type { Readable } from 'node:stream';
import type { StorageError } from '../model/errors/storage.error.js';
import type { Part } from '../model/part.js';
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
  /** `Upload-Metadata` exactly as received; null if there was none. */
  readonly metadata: string | null;
  /** Milliseconds since 1970 by the database's clock. With the id it names the upload for all time, where ids come again. */
  readonly createdAt: number;
  /** What the storage has put on record of the pieces that it keeps apart. */
  readonly parts: UploadParts;
}

/** What is known of an upload before it is created. */
export type NewStoredUpload = Pick<StoredUpload, 'id' | 'kind' | 'key' | 'length' | 'metadata'>;

/**
 * The parts that are on record for an upload. A part counts as far as the offset covers it; one that is only announced
 * says what may have to be removed.
 */
export interface UploadParts {
  /**
   * In the order of their numbers. With `from` as few as an append there needs: those that end there or later, or begin
   * at 0, all tails, and of the others the one with the highest number.
   */
  list(from?: number): Promise<readonly Part[]>;
  /**
   * Inserts parts, or replaces those of the same numbers; one statement, all or nothing, for as many as 500. Fails, like
   * `WriteContext.record`, if the right to write went to somebody else; whatever else failed, `list` tells what became
   * of it.
   */
  record(parts: readonly Part[]): Promise<void>;
  /** Removes them from the record, once what they name is removed; without numbers all of them. Idempotent. */
  forget(numbers?: readonly number[]): Promise<void>;
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
   * Completes the upload with what the append still has at hand, in place of `UploadStorage.complete`. Only where
   * `offset` is the length: then bytes behind the last offset that was told need not be durable yet, because the row has
   * them on record only once the upload is complete.
   */
  readonly finish?: Finish;
}

/** What the storage wants to know of a complete upload later on. */
export interface Completed {
  /** Goes on record with the completion, in place of the one before. */
  readonly reference: string;
}

/** Exactly one of the two is called, once. */
export interface Finish {
  /** Whether nothing can be appended any more once `complete` was called: then the row of a partial says `finishing`, too. */
  readonly once?: boolean;
  /** Like `UploadStorage.complete`, but nothing has to be looked up again. The row says `finishing`, unless it is a partial's. */
  complete(): Promise<Completed | void>;
  /** The bytes do not count (a checksum was wrong), or the right to write is gone: frees what is at hand. */
  discard(): void;
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

  /**
   * Whether `discardWork` is called for complete partials as well: they have left something, and what they consist of is
   * not among it. Without it what a partial has stored stays until its bytes are not needed any more.
   * @default false
   */
  readonly partialsLeaveWork?: boolean;

  /**
   * Milliseconds after which the store itself removes what is unfinished, counted from the beginning of an upload. An
   * `expiration` that keeps unfinished uploads longer fails at start, and no byte extends the time of one beyond it.
   */
  readonly maxUnfinishedAge?: number;

  /** The same, counted from the newest byte of an upload. */
  readonly maxUnfinishedIdle?: number;

  /** Makes ready, once, before the first upload. */
  start?(): Promise<void>;

  /**
   * Refuses a key that this storage cannot hold.
   * @throws StorageError of kind `conflict` naming what is wrong with it.
   */
  checkKey(key: string): void;

  /**
   * Refuses an upload that could never be completed, because of what its object would be stored with, or of its length.
   * Called before it is created; of a final the length is not known yet.
   * @throws StorageError of kind `conflict` naming what the store cannot hold; UploadTooLargeError for the length;
   * OptionResultError for a fault of the application
   */
  check?(upload: NewStoredUpload): void;

  /**
   * Appends batches at `upload.offset` and tells what is durable. The body never throws: when it stops, for whatever
   * reason, everything handed over is made durable. A failure of the storage is returned, not thrown, so that the
   * offset that was reached is not lost. What an earlier append left beyond the offset counts as nothing, and must not
   * be taken for bytes of this one by `complete` after a crash: it may never have verified.
   */
  append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult>;

  /**
   * Makes all bytes safe and, unless the upload is a partial, publishes them under the key, atomically and never over
   * another object. A second call finds the published object and succeeds, unless `discardWork` has come in between:
   * then an object that it cannot prove to be this upload's is not taken for it. After a crash it may be called for bytes
   * that never became durable: then it throws a `StorageError` of kind `missing`, and the upload is open again.
   */
  complete(upload: StoredUpload): Promise<Completed | void>;

  /**
   * Writes the sources, in order, as the bytes of `final`, ready for `complete`. A second call starts again or goes
   * on; sources stay readable.
   */
  concatenate(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void>;

  /**
   * Bytes of an unfinished upload that were just made durable, though no row counts them yet. A storage that cannot
   * read them back has no such method: then what may have to be verified is hashed while it passes (CHK-13).
   */
  readUnfinished?(upload: StoredUpload, range: ByteRange): Promise<Readable>;

  /** Removes everything but the object that a complete upload is, and forgets the parts. Idempotent. */
  discardWork(upload: StoredUpload): Promise<void>;

  /**
   * A stream of the bytes of a complete upload; all of them without a range, which has one byte at least and lies within
   * the length. It gives every byte or fails: it never ends early. Destroying it frees what it holds.
   */
  read(upload: StoredUpload, range?: ByteRange): Promise<Readable>;

  /**
   * Removes everything that was stored, the published object too, and forgets the parts. Idempotent. `published` says
   * that the row reached `complete`: what is under the key is ours, unless it can be told that another object has taken
   * its place. Without it the storage removes only an object that it can prove to be this upload's, since a foreign one
   * may have the key.
   */
  remove(upload: StoredUpload, published: boolean): Promise<void>;

  /**
   * Removes leftovers that no row knows. `known` answers which of the ids have a row that still needs working
   * bytes. Resolves with how many were removed.
   */
  sweep?(known: (ids: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;
}
