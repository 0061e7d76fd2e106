import type { Metadata } from './metadata.js';

/** `single`: an ordinary upload. `partial`: a range of a file. `final`: partials merged in order. */
export type UploadKind = 'single' | 'partial' | 'final';

/**
 * - `open`: takes bytes.
 * - `finishing`: all bytes are stored, the object is being published.
 * - `planning`, `pending`, `merging`: a final before, waiting for, and during its merge.
 * - `complete`: the object exists under its key (a partial: all its bytes are stored).
 * - `failed`: can never be completed.
 * - `terminating`, `gone`: its bytes are being freed, are freed (a tombstone for 24 h).
 */
export type UploadState =
  'open' | 'finishing' | 'planning' | 'pending' | 'merging' | 'complete' | 'failed' | 'terminating' | 'gone';

/** What an application is told of an upload. Frozen. */
export interface Upload {
  readonly id: string;
  readonly kind: UploadKind;
  readonly state: UploadState;
  /** Bytes durably stored. */
  readonly offset: number;
  /** Total bytes; null while the client has not said it (`Upload-Defer-Length`). */
  readonly length: number | null;
  /** `Upload-Metadata`, decoded. */
  readonly metadata: Metadata;
  /** `Upload-Metadata` exactly as received; null if there was none. */
  readonly rawMetadata: string | null;
  /** `Upload-Concat` exactly as received; null for an ordinary upload. */
  readonly concat: string | null;
  /** The name of the storage that holds the bytes. */
  readonly storage: string;
  /** Where the storage publishes the object; null for a partial, which is never published. */
  readonly key: string | null;
  /** Whom the option `owner` named at its creation; null for nobody. */
  readonly owner: string | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
  /** When the upload will be removed or forgotten; null for never. More bytes may move it. */
  readonly expiresAt: Date | null;
}

/**
 * An upload whose object is published under its key. Never a partial. Its state is `complete`, or `terminating` or
 * `gone` if it was deleted before the application could be told of it.
 */
export interface CompletedUpload extends Upload {
  readonly kind: 'single' | 'final';
  readonly length: number;
  readonly key: string;
  readonly completedAt: Date;
}

/** Whether the object of an upload was published once; of those in the state `complete` it still is. */
export function isCompleted(upload: Upload): upload is CompletedUpload {
  return (
    upload.kind !== 'partial' && upload.length !== null && upload.key !== null && upload.completedAt !== null
  );
}
