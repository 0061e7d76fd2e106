import type { Readable } from 'node:stream';
import type { FinishAnswer } from '../model/finish-answer.js';
import type { Metadata } from '../model/metadata.js';
import type { RequestContext } from '../model/request-context.js';
import type { CompletedUpload, Upload } from '../model/upload.js';

/** An upload that is about to be created. */
export type UploadProposal = Pick<
  Upload,
  'id' | 'kind' | 'length' | 'metadata' | 'rawMetadata' | 'owner' | 'storage' | 'key'
>;

/** What `OnUploadCreate` makes of an upload; what is left out stays. */
export interface CreationChanges {
  /** Takes the place of the client's metadata, also in the answer to HEAD. */
  readonly metadata?: Metadata | Readonly<Record<string, string>>;
  /** Where the upload is published; takes the place of what the option `key` says. */
  readonly key?: string;
}

/**
 * Implement this on any provider to be asked before an upload, or a final, is created; nothing is stored yet. What it
 * throws is the client's answer, and nothing is created. The context is undefined for calls of `UploadService`.
 */
export interface OnUploadCreate {
  onUploadCreate(
    upload: UploadProposal,
    context: RequestContext | undefined,
  ): Promise<CreationChanges | void> | CreationChanges | void;
}

/**
 * Implement this to be told how far uploads are, at most every `progressInterval` for each, and of the last byte. Nobody
 * waits for it; a call for one upload begins when the one before has ended.
 */
export interface OnUploadProgress {
  onUploadProgress(upload: Upload): Promise<void> | void;
}

/** An upload whose object is stored under its key, and that is not complete before `OnUploadFinish` has returned. */
export interface FinishedUpload extends Upload {
  readonly kind: 'single' | 'final';
  readonly length: number;
  readonly key: string;
}

export interface FinishContext {
  /** The request that brought the end; undefined for `UploadService`, and where no client waits, as after a restart. */
  readonly request: RequestContext | undefined;
  /** A stream of the bytes, or of those of a range that there are, with both ends included. */
  read(range?: { readonly start: number; readonly end: number }): Promise<Readable>;
}

/**
 * Implement this to verify uploads, and finals, before they are complete and the client is answered. It is called at
 * least once, again after a crash or a failure, and never after all hooks of this kind have returned and that is on
 * record. An `HttpException` of 4xx that it throws (but 408, 423, 425 and 429) is the client's answer and removes the
 * upload; after anything else the upload stays and is asked for again. `UploadRefusedError` says which.
 */
export interface OnUploadFinish {
  onUploadFinish(
    upload: FinishedUpload,
    context: FinishContext,
  ): Promise<FinishAnswer | void> | FinishAnswer | void;
}

/**
 * Implement this on any provider of the application to be told of every completed upload, and of every final once it
 * is merged; never of a partial.
 *
 * Delivery is durable: the call is made at least once, also when the process ended between the last byte and the
 * call. A call that throws, or whose process ends in its middle, is made again. The client does not wait for it.
 */
export interface OnUploadComplete {
  onUploadComplete(upload: CompletedUpload): Promise<void> | void;
}

/**
 * Implement this to be asked before an upload is deleted; a running writer is not disturbed yet. What it throws is the
 * client's answer, and nothing changes. The context is undefined for calls of `UploadService`.
 */
export interface OnUploadTerminate {
  onUploadTerminate(upload: Upload, context: RequestContext | undefined): Promise<void> | void;
}

/** Implement this to be told of uploads that were deleted. Nobody waits for it. */
export interface OnUploadTerminated {
  onUploadTerminated(upload: Upload): Promise<void> | void;
}

/** Implement this to be told of uploads whose time is over. Nobody waits for it. */
export interface OnUploadExpire {
  onUploadExpire(upload: Upload): Promise<void> | void;
}
