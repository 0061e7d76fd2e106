import { PreconditionFailedError } from '../../../model/errors/precondition-failed.error.js';
import { RangeNotSatisfiableError } from '../../../model/errors/range-not-satisfiable.error.js';
import type { CompletedUpload } from '../../../model/upload.js';
import type { HeaderReader, Headers } from '../headers.js';
import { parseRange } from './byte-range.js';
import type { ByteSpan } from './byte-range.js';
import { contentDisposition } from './content-disposition.js';
import { dispositionOf, mediaTypeOf } from './media-types.js';
import { judgePreconditions, rangeApplies } from './preconditions.js';
import type { Validators } from './preconditions.js';

/** How a GET is answered. */
export interface DownloadPlan {
  readonly status: 200 | 206 | 304;
  readonly headers: Headers;
  /** The bytes that follow; null for none. */
  readonly span: ByteSpan | 'all' | null;
}

/** Kept by the browser that asked, and asked for again each time; nobody on the way may compress it (GET-08, GET-09). */
const CACHE_CONTROL = 'private, no-cache, no-transform';

/**
 * Decides on a GET of a complete upload (GET-02 to GET-07).
 * @throws PreconditionFailedError, RangeNotSatisfiableError
 */
export function planDownload(upload: CompletedUpload, header: HeaderReader): DownloadPlan {
  const validators = validatorsOf(upload);
  const verdict = judgePreconditions(header, validators);
  if (verdict === 412) throw new PreconditionFailedError();
  if (verdict === 304) {
    return { status: 304, headers: { ETag: validators.etag, 'Cache-Control': CACHE_CONTROL }, span: null };
  }
  const headers = downloadHeaders(upload);
  const { length } = upload;
  const span = rangeApplies(header, validators) ? parseRange(header('Range'), length) : undefined;
  if (span === 'unsatisfiable') throw new RangeNotSatisfiableError(length);
  if (!span) return { status: 200, headers, span: 'all' };
  const { start, end } = span;
  const part = {
    'Content-Range': `bytes ${start}-${end}/${length}`,
    'Content-Length': String(end - start + 1),
  };
  return { status: 206, headers: { ...headers, ...part }, span };
}

/** What a GET of all of a complete upload says of it; on a HEAD, too (GET-02, GET-10). */
export function downloadHeaders(upload: CompletedUpload): Headers {
  const { etag, lastModified } = validatorsOf(upload);
  const type = mediaTypeOf(upload.metadata.get('filetype'));
  return {
    'Content-Length': String(upload.length),
    'Content-Type': type,
    'Content-Disposition': contentDisposition(dispositionOf(type), upload.metadata.get('filename')),
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Last-Modified': new Date(lastModified).toUTCString(),
    'Cache-Control': CACHE_CONTROL,
    'X-Content-Type-Options': 'nosniff',
    // Even what a browser is made to show can run no script, and is of no origin (GET-04).
    'Content-Security-Policy': "sandbox; default-src 'none'",
  };
}

/** An id is never given twice, and what is complete never changes (GET-07). */
function validatorsOf({ id, completedAt }: CompletedUpload): Validators {
  const time = completedAt.getTime();
  return { etag: `"${id}-${time.toString(36)}"`, lastModified: time - (time % 1000) };
}
