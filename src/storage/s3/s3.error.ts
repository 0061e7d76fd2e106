import { StorageError } from '../../model/errors/storage.error.js';
import type { StorageErrorKind } from '../../model/errors/storage.error.js';

/** What the store, the network or the SDK has answered to one request. */
export class S3Error extends StorageError {
  /** Whether the store has answered at all. */
  readonly answered: boolean;

  constructor(
    kind: StorageErrorKind,
    message: string,
    /** The code that S3 gave, such as `NoSuchUpload`; without an answer the name of the error. */
    readonly code: string,
    options: ErrorOptions & { readonly answered?: boolean } = {},
  ) {
    super(kind, message, options);
    this.name = 'S3Error';
    this.answered = options.answered ?? false;
  }
}

/** A body that ended early: the SDK has tried the request again, but not what came of its answer. */
export class BrokenBodyError extends S3Error {
  constructor(key: string, cause: unknown) {
    super('unavailable', `The bytes of ${key} broke off.`, 'BrokenBody', { cause });
    this.name = 'BrokenBodyError';
  }
}

export function isBroken(error: unknown): boolean {
  return error instanceof BrokenBodyError;
}

const KINDS: Readonly<Record<StorageErrorKind, readonly string[]>> = {
  full: [
    ...['QuotaExceeded', 'QuotaExceededException', 'XMinioAdminBucketQuotaExceeded', 'XMinioStorageFull'],
    ...['InsufficientStorage', 'StorageFull', '507'],
  ],
  conflict: [
    ...['PreconditionFailed', 'KeyTooLongError', 'XMinioInvalidObjectName', 'XMinioInvalidResourceName'],
    ...['XMinioParentIsObject', 'XMinioObjectExistsAsDirectory'],
    ...['ExistingObjectIsDirectory', 'ObjectParentIsFile', '412'],
  ],
  missing: ['NoSuchKey', 'NoSuchUpload', 'NoSuchVersion', 'InvalidPart', 'EntityTooSmall'],
  refused: ['EntityTooLarge'],
  unavailable: [],
};

/** Requests that say what an object is made with, and what they are answered where it never can be. */
const MAKING = ['PutObject', 'CreateMultipartUpload'];
const REFUSED = [
  ...['InvalidArgument', 'InvalidRequest', 'InvalidStorageClass', 'InvalidTag', 'MetadataTooLarge'],
  ...['InvalidEncryptionAlgorithmError'],
];

/** What a failed request means. A bucket that is missing may come back: nothing is known to be lost. */
export function s3Error(request: string, error: unknown): S3Error {
  const { name = 'Error', status, code } = described(error);
  const words = [name, code, String(status)].filter((word) => word !== undefined);
  const listed = Object.entries(KINDS) as [StorageErrorKind, readonly string[]][];
  // The answer to a HEAD has no body, so no code; any other 404 without one may be that of a proxy on the way.
  if (request === 'HeadObject' && status === 404) words.push('NoSuchKey');
  const refused = status === 400 && MAKING.includes(request) && REFUSED.includes(name);
  const kind =
    words.includes('NoSuchBucket') || words.includes('AbortError')
      ? 'unavailable'
      : refused
        ? 'refused'
        : listed.find(([, codes]) => words.some((word) => codes.includes(word)))?.[0];
  const shown = status === undefined ? name : `${status} ${name}`;
  const message = `The store has answered ${shown} to ${request}: ${described(error).message}`;
  return new S3Error(kind ?? 'unavailable', message, name, { cause: error, answered: status !== undefined });
}

interface Described {
  readonly name?: string;
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
}

function described(error: unknown): Described {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, code, Code, $metadata } = error as Error & {
    readonly code?: string;
    readonly Code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  return {
    name: Code ?? name,
    message,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
  };
}
