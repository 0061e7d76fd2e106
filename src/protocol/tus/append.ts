import { UnsupportedMediaTypeError } from '../../model/errors/unsupported-media-type.error.js';
import { parseChecksumClaims } from './checksum.js';
import type { ChecksumClaims, ChecksumRules } from './checksum.js';
import type { HeaderReader } from './headers.js';
import { parseLength, parseOffset } from './integers.js';
import { isOffsetStream } from './media-type.js';
import { parsed } from './parsed.js';
import type { Parsed } from './parsed.js';

export interface AppendCommand {
  /** Where the bytes begin. */
  readonly offset: number;
  /** Total bytes, if the request says so (CRE-14). */
  readonly length?: number;
  readonly checksum: ChecksumClaims;
}

/** Reads the headers of a PATCH: media type, then offset, then length (CORE-08, CORE-09, CRE-14). */
export function parseAppend(header: HeaderReader, rules: ChecksumRules): Parsed<AppendCommand> {
  return parsed(() => {
    if (!isOffsetStream(header('Content-Type'))) throw new UnsupportedMediaTypeError();
    const offset = parseOffset(header('Upload-Offset'));
    const length = header('Upload-Length');
    return {
      offset,
      ...(length !== undefined && { length: parseLength(length) }),
      checksum: parseChecksumClaims(header, rules),
    };
  });
}
