import type { Authorize, OwnerOf } from '../model/authorization.js';
import type { ChecksumAlgorithm } from '../model/checksum.js';
import type { MetadataValidator } from '../model/naming.js';
import type { Resolvable } from '../model/resolvable.js';
import type { CorsOptions } from '../protocol/tus/cors.js';
import type { Abilities } from '../protocol/tus/discovery.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import type { LocationSettings } from './location.js';

/** What the HTTP room is told once, at start; checked before it comes here. */
export interface HttpSettings {
  /** Path of the endpoint without the application's prefix and version, as given to `@Controller`: `files`. */
  readonly path: string;
  readonly extensions: readonly TusExtension[];
  /** Bytes that an upload may have at most: OPTIONS tells it, the uploads room enforces it. */
  readonly maxSize?: Resolvable<number | undefined>;
  /** Undefined takes any metadata. */
  readonly validateMetadata?: MetadataValidator;
  readonly location?: LocationSettings;
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
  /** Who makes a request; undefined where uploads belong to nobody. */
  readonly owner?: OwnerOf | undefined;
  /** Decides about each request; undefined allows all that come this far. */
  readonly authorize?: Authorize | undefined;
  /** Milliseconds without a byte of body before the client is given up; 0 waits for ever. */
  readonly bodyIdleTimeout: number;
}

/** What OPTIONS can tell whatever the request is. */
export function plainAbilities({ extensions, checksums, maxSize }: HttpSettings): Abilities {
  return { extensions, checksums, ...(typeof maxSize === 'number' && { maxSize }) };
}
