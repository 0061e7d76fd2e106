import type { Readable } from 'node:stream';
import type { FinishAnswer } from '../model/finish-answer.js';
import type { RequestContext } from '../model/request-context.js';
import type { UploadKind, UploadState } from '../model/upload.js';
import type { Access } from './access.js';
import type { ChecksumInput } from './checksums.js';

/** Bytes that come with a request. */
export interface BodyInput {
  /** The bytes. An incoming HTTP message that was cut off counts up to where it was cut. */
  readonly body: Readable;
  /** How many bytes the body announces; undefined if it does not say. */
  readonly contentLength?: number;
  /** Called once, when the bytes are wanted: nothing stands against them any more (100 Continue). */
  readonly onBodyWanted?: () => void;
  /** What the bytes are said to hash to; without it they count as they come. */
  readonly checksum?: ChecksumInput;
}

/** On whose behalf something is done; without it the caller is trusted. */
export interface AccessInput {
  readonly access?: Access | undefined;
}

/** What depends on the request that a call comes from; a call without one needs none of it. */
interface OfRequest {
  /** Bytes that the upload may have at most. Default: the option `maxSize` if that is a number, else no limit. */
  readonly maxSize?: number;
  /** What hooks, and the options `idGenerator` and `key`, are called with. Default: undefined. */
  readonly context?: RequestContext;
  /** Called with what `OnUploadFinish` has to add to the answer, if this call completes the upload. */
  readonly onFinish?: (answer: FinishAnswer) => void;
}

/** Whoever waits for the end of an upload. */
export type FinishCall = Pick<OfRequest, 'context' | 'onFinish'>;

export interface CreateUpload extends Partial<BodyInput>, AccessInput, OfRequest {
  /** Total bytes; null if it is to be said later. */
  readonly length: number | null;
  /** A partial: a range that a final will be made of. Default: an ordinary upload. */
  readonly partial?: boolean;
  /** The value of `Upload-Metadata`, kept and echoed as it is. Default: none. */
  readonly metadata?: string | null;
  /** The value of `Upload-Concat`, kept and echoed as it is. Default: `partial` for a partial. */
  readonly concat?: string | null;
}

export interface AppendToUpload extends BodyInput, AccessInput, OfRequest {
  /** Where the bytes begin; must be where the upload stands. */
  readonly offset: number;
  /** Total bytes, if the upload was created without saying so. */
  readonly length?: number;
}

export interface ConcatenateUploads extends AccessInput, OfRequest {
  /** Ids of complete partials, in order; an id may come twice (CON-14). */
  readonly partialIds: readonly string[];
  readonly metadata?: string | null;
  /** The value of `Upload-Concat`, kept and echoed as it is. Default: made from the ids. */
  readonly concat?: string | null;
}

export interface ListUploads {
  readonly kind?: UploadKind;
  readonly states?: readonly UploadState[];
  /** Only uploads after this id: the last one of the page before. */
  readonly after?: string;
  /** How many at most. Default: 100. */
  readonly limit?: number;
}
