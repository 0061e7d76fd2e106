import type { Answer } from './http/answer.js';
import type { ClientChecksum } from './source/digest.js';
import type { UrlStore } from './store/url-store.js';

/** Header fields of the application, such as `Authorization`. */
export type RequestHeaders = Readonly<Record<string, string>>;

export interface ConnectionOptions {
  /**
   * Where uploads are created, for example `https://example.com/files`.
   * @default none; calls that create an upload need it
   */
  readonly endpoint?: string;
  /**
   * Sent with each request. A function is asked before each of them, so that a token may change during an upload.
   * @default none
   */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /**
   * Milliseconds before each try after a failure that may pass: a lost connection, 408, 409, 423, 429, 460 and 5xx. Each
   * is spread by a quarter, and `Retry-After` is respected up to a minute. A try that gets bytes across begins the
   * list anew.
   * @default [0, 1000, 3000, 5000]
   */
  readonly retryDelays?: readonly number[];
  /**
   * Milliseconds without a byte in either direction after which a connection counts as lost; 0: never.
   * @default 120000
   */
  readonly requestTimeout?: number;
}

export interface TusClientOptions extends ConnectionOptions {
  /**
   * Remembers uploads, so that the same call goes on where one was interrupted, also in another process.
   * @default none: nothing is resumed
   */
  readonly urlStore?: UrlStore;
  /**
   * Bytes of a PATCH at most. Smaller ones cost throughput, and lose less on a connection that breaks before a server
   * that keeps whole requests only.
   * @default all in one; 4 MiB with `checksum` and for streams, less with `checksum` and more than eight ranges
   */
  readonly chunkSize?: number;
  /**
   * Sends the checksum of each PATCH, which the server verifies before it counts its bytes.
   * @default none
   */
  readonly checksum?: ClientChecksum;
  /**
   * Milliseconds that a final upload may take to be merged.
   * @default 600000
   */
  readonly mergeTimeout?: number;
}

/** What each call takes besides its own options; they replace those of the client. */
export interface CallOptions extends TusClientOptions {
  /** Stops the call; what the server has stored stays there. */
  readonly signal?: AbortSignal;
}

export interface PartialUploadOptions extends CallOptions {
  /**
   * Bytes of a stream.
   * @default not known; then the server is told with the last byte
   */
  readonly size?: number;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Told, in one sentence, of what does not stop the upload: a store that cannot be used. */
  readonly onWarning?: (message: string) => void;
}

export interface UploadFileOptions extends PartialUploadOptions {
  /**
   * Into how many ranges the file is cut, which are uploaded at once and merged by the server (concatenation). A
   * resumed upload keeps the number it began with.
   * @default 1
   */
  readonly parallelUploads?: number;
  /**
   * Added to, or instead of, `filename` and `filetype`, which a path gives. A resumed upload keeps those it began with.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Leaves the upload at this byte; the same call without it uploads the rest, if there is a `urlStore`.
   * @default none
   */
  readonly stopAt?: number;
  /**
   * Compares what the server holds with the file: by the digest that the server sends with GET (`Repr-Digest`), else by
   * downloading it. Needs a server that gives uploads back.
   * @default false
   */
  readonly verify?: boolean;
}

export interface FinalUploadOptions extends CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface DownloadOptions extends Pick<
  CallOptions,
  'headers' | 'retryDelays' | 'requestTimeout' | 'signal'
> {
  /**
   * Keeps what was received when the download stops (`<path>.part`), and goes on with it the next time, if the file at
   * the server is still the same.
   * @default false
   */
  readonly resume?: boolean;
  readonly onProgress?: (received: number, total: number | null) => void;
}

export interface PartProgress {
  readonly sent: number;
  /** Null for a stream of unknown size. */
  readonly total: number | null;
}

export interface UploadProgress extends PartProgress {
  /** Bytes per second over the last seconds. */
  readonly rate: number;
  /** Null where it cannot be said. */
  readonly secondsLeft: number | null;
  /** One, or one for each range. */
  readonly parts: readonly PartProgress[];
}

/** The last value of `uploadFile$` has the result. */
export interface UploadState extends UploadProgress {
  readonly result?: UploadedFile;
}

export interface UploadedFile {
  /** The URL of the upload; after a parallel one, that of the final. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that the server has: less than `size` after `stopAt`. */
  readonly offset: number;
  /** True if an earlier, interrupted upload of the same file was taken up again. */
  readonly resumed: boolean;
  /** The server's last answer. */
  readonly answer: Answer | undefined;
}

export interface FinalUpload {
  readonly url: string;
  /** Bytes; null if the server does not say. */
  readonly size: number | null;
  /** Null while it is not merged. */
  readonly offset: number | null;
  readonly answer: Answer;
}
