import type { ChecksumAlgorithm } from '../model/checksum.js';
import type { CorsOptions } from '../protocol/tus/cors.js';
import type { TusExtension } from '../protocol/tus/extensions.js';

/** What the HTTP room is told once, at start; checked before it comes here. */
export interface HttpSettings {
  /** Path of the endpoint without the application's prefix and version, as given to `@Controller`: `files`. */
  readonly path: string;
  readonly extensions: readonly TusExtension[];
  /** Bytes that an upload may have at most, for OPTIONS; the uploads room enforces it. */
  readonly maxSize?: number;
  /** Algorithms that `Upload-Checksum` may name, in the order of preference. */
  readonly checksums: readonly ChecksumAlgorithm[];
  /** Whether complete uploads can be read with GET (GET-01). */
  readonly downloads: boolean;
  /** Undefined leaves CORS to the application (`enableCors()`). */
  readonly cors?: CorsOptions;
  /** Bytes of `Upload-Metadata` at most, 4096 by default. */
  readonly maxMetadataBytes: number;
  /** Entries of a final's list at most, 1000 by default. */
  readonly maxPartials: number;
  /** Milliseconds without a byte of body before the client is given up; 0 waits for ever. */
  readonly bodyIdleTimeout: number;
}
