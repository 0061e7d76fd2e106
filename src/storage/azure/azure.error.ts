import { StorageError } from '../../model/errors/storage.error.js';
import type { StorageErrorKind } from '../../model/errors/storage.error.js';

export interface AzureAnswer {
  /** The code that Azure gave, such as `BlobNotFound`; without an answer the name of the error. */
  readonly code: string;
  /** Undefined without an answer. */
  readonly status: number | undefined;
}

/** What the store, the network or the SDK has answered to one request. */
export class AzureError extends StorageError {
  readonly code: string;
  readonly status: number | undefined;

  constructor(
    kind: StorageErrorKind,
    message: string,
    { code, status, cause }: AzureAnswer & { readonly cause: unknown },
  ) {
    super(kind, message, { cause });
    this.name = 'AzureError';
    this.code = code;
    this.status = status;
  }

  /** Whether another try may help: no answer, half of one, or one that says so. */
  get passing(): boolean {
    const { status } = this;
    return status === undefined || status < 400 || status >= 500 || status === 408 || status === 429;
  }
}

/** A body that ended early: the SDK has read on as often as it does. */
export class BrokenBodyError extends AzureError {
  constructor(name: string, cause: unknown) {
    super('unavailable', `The bytes of ${name} broke off.`, { code: 'BrokenBody', status: undefined, cause });
    this.name = 'BrokenBodyError';
  }
}

export function isBroken(error: unknown): boolean {
  return error instanceof BrokenBodyError;
}

const KINDS: Readonly<Record<StorageErrorKind, readonly string[]>> = {
  full: ['BlockCountExceedsLimit', 'BlockListTooLong', 'RequestBodyTooLarge', 'MaxBlobSizeConditionNotMet'],
  conflict: [
    ...['BlobAlreadyExists', 'BlobImmutableDueToPolicy', 'ConditionNotMet', 'TargetConditionNotMet'],
    // The name has blocks of others, or is no block blob.
    ...['InvalidBlobOrBlock', 'InvalidBlobType', 'InvalidResourceName'],
  ],
  // A bare 404 may be that of a proxy: it proves no loss.
  missing: ['BlobNotFound', 'InvalidBlockList', 'InvalidRange'],
  refused: [],
  unavailable: [],
};

/** What is wrong with a blob that shall be made, and stays wrong whoever sends it again. */
const WRONG = [
  ...['EmptyMetadataKey', 'InvalidBlobTier', 'InvalidHeaderValue', 'InvalidInput', 'InvalidMetadata'],
  ...['MetadataTooLarge', 'OutOfRangeInput', 'UnsupportedHeader'],
];
const MAKING = ['Put Blob', 'Put Block List'];

/** What a failed request means. A container that is missing may come back: nothing is known to be lost. */
export function azureError(request: string, error: unknown): AzureError {
  const { code, status, message } = described(error);
  const wrong = status === 400 && MAKING.includes(request) && WRONG.includes(code);
  const listed = Object.entries(KINDS) as [StorageErrorKind, readonly string[]][];
  const kind = wrong ? 'conflict' : listed.find(([, codes]) => codes.includes(code))?.[0];
  const shown = status === undefined ? code : `${status} ${code}`;
  const text = `The store has answered ${shown} to ${request}: ${message}`;
  return new AzureError(kind ?? 'unavailable', text, { code, status, cause: error });
}

/** A condition that failed: between two requests a blob has appeared, changed or gone. */
export function isContended(error: unknown): boolean {
  return error instanceof AzureError && ['BlobAlreadyExists', 'ConditionNotMet'].includes(error.code);
}

/** A commit named blocks that the store does not have, or not any more. */
export function isDropped(error: unknown): boolean {
  return error instanceof AzureError && error.code === 'InvalidBlockList';
}

/** A policy, or a legal hold, keeps the blob. */
export function isRetained(error: unknown): boolean {
  return error instanceof AzureError && error.code === 'BlobImmutableDueToPolicy';
}

function described(error: unknown): AzureAnswer & { readonly message: string } {
  if (!(error instanceof Error)) return { code: 'Error', status: undefined, message: String(error) };
  const { name, message, code, statusCode, details } = error as Error & {
    readonly code?: unknown;
    readonly statusCode?: number;
    readonly details?: { readonly errorCode?: unknown };
  };
  // The answer to a HEAD has its code in a header only.
  const said = [code, details?.errorCode].find((text) => typeof text === 'string' && text !== '');
  // The further lines name the request and the time.
  const [first = ''] = message.split('\n');
  return { code: typeof said === 'string' ? said : name, status: statusCode, message: first };
}
