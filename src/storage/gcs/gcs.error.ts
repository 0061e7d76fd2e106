import { StorageError } from '../../model/errors/storage.error.js';
import type { StorageErrorKind } from '../../model/errors/storage.error.js';

/** What Google Cloud Storage, the network or the client has answered to one request. */
export class GcsError extends StorageError {
  constructor(
    kind: StorageErrorKind,
    message: string,
    /** The HTTP status; undefined where no answer came. */
    readonly status: number | undefined,
    /** The reason that the store gave, such as `conditionNotMet`; without an answer the code of the error. */
    readonly reason: string,
  ) {
    super(kind, message);
    this.name = 'GcsError';
  }

  /** Whether the same request may succeed later: cloud.google.com/storage/docs/retry-strategy */
  get passes(): boolean {
    const { status, reason } = this;
    if (status === undefined || status === 408 || status === 429 || status >= 500) return true;
    return status === 403 && RATES.test(reason);
  }

  /** Whether a retention policy or a hold keeps the object: for long, or for ever. */
  get isRetained(): boolean {
    return this.status === 403 && RETAINED.test(this.reason);
  }
}

/** cloud.google.com/storage/docs/json_api/v1/status-codes */
const RETAINED = /^(retentionPolicyNotMet|objectUnderActiveHold)$/;
const RATES = /^(rateLimitExceeded|userRateLimitExceeded)$/;
const INVALID = /^(invalid|invalidArgument|invalidParameter|badRequest|parseError)$/;

/** What `GcsError.reason` says of a body that ended early. */
export const BROKEN_BODY = 'brokenBody';

/** What a failed request means. A condition that failed says nothing yet: the object has to be looked at. */
export function gcsError(request: string, error: unknown): GcsError {
  const { status, reason, message } = described(error);
  const shown = [status, reason].filter((word) => word !== undefined && word !== '').join(' ');
  const text = `The store has answered ${shown} to ${request}: ${message}`;
  if (status === 404 && isOfObject(request, reason, message))
    return new GcsError('missing', text, status, reason);
  const failure = new GcsError(status === 507 ? 'full' : 'unavailable', text, status, reason);
  const makes = request === 'insert' || request === 'compose' || request === 'rewrite';
  return makes && isForGood(failure) ? new GcsError('conflict', text, status, reason) : failure;
}

/** Not a key of KMS, which may be enabled again, and not bytes that were damaged on their way. */
function isForGood({ status, reason, message, isRetained }: GcsError): boolean {
  return isRetained || (status === 400 && INVALID.test(reason) && !/crc32c|md5/i.test(message));
}

/** Not of the bucket, which may come back, nor of a proxy on the way. The answer to a download is plain text. */
function isOfObject(request: string, reason: string, message: string): boolean {
  if (request === 'insert' || request === 'list' || /bucket does not exist/i.test(message)) return false;
  return reason === 'notFound' || (request === 'get alt=media' && /no such object|not found/i.test(message));
}

interface Answered extends Error {
  readonly code?: string | number;
  readonly response?: {
    readonly status?: number;
    readonly data?: { readonly error?: { readonly errors?: readonly { readonly reason?: string }[] } };
  };
}

/** The error itself is not kept: it holds the whole request, with its body. */
function described(error: unknown): { status: number | undefined; reason: string; message: string } {
  if (!(error instanceof Error)) return { status: undefined, reason: '', message: String(error) };
  const { name, message, code, response } = error as Answered;
  const reason = response?.data?.error?.errors?.[0]?.reason ?? (response ? '' : String(code ?? name));
  return { status: response?.status, reason, message: String(message).trim() };
}
