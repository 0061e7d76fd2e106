import { TusResponseError } from './errors/response.error.js';
import { TusUnsupportedError } from './errors/unsupported.error.js';
import { field, wholeNumber } from './http/answer.js';
import type { Requester } from './http/requester.js';

/** What a server says of itself (OPTIONS). */
export interface ServerInfo {
  readonly versions: readonly string[];
  /** Names such as `concatenation`. */
  readonly extensions: readonly string[];
  readonly checksumAlgorithms: readonly string[];
  /** Bytes that an upload may have; null if the server names no limit. */
  readonly maxSize: number | null;
}

/** Asks a server; one that knows no OPTIONS has no extensions but creation (CLI-07). */
export async function askServer(
  requester: Requester,
  url: string,
  signal?: AbortSignal,
): Promise<ServerInfo> {
  return offerOf(requester, url, signal).catch(knowsNoOptions);
}

/** @throws TusResponseError also if the server knows no OPTIONS. */
export async function offerOf(requester: Requester, url: string, signal?: AbortSignal): Promise<ServerInfo> {
  const answer = await requester.send({ method: 'OPTIONS', url, signal });
  return {
    versions: list(field(answer, 'Tus-Version')),
    extensions: list(field(answer, 'Tus-Extension')),
    checksumAlgorithms: list(field(answer, 'Tus-Checksum-Algorithm')),
    maxSize: wholeNumber(answer, 'Tus-Max-Size'),
  };
}

/** What is known of a server that failed so (CLI-07). Throws what says something else. */
export function knowsNoOptions(error: unknown): ServerInfo {
  if (!(error instanceof TusResponseError) || ![404, 405, 501].includes(error.status)) throw error;
  return { versions: [], extensions: ['creation'], checksumAlgorithms: [], maxSize: null };
}

/** @throws TusUnsupportedError if the server does not offer what is needed. */
export function demand(
  { extensions, checksumAlgorithms }: ServerInfo,
  endpoint: string,
  needs: { readonly concatenation: boolean; readonly checksum: string | undefined },
): void {
  if (needs.concatenation && !extensions.includes('concatenation')) {
    throw new TusUnsupportedError(
      `The server at ${endpoint} does not offer concatenation, which parallel and partial uploads need. ` +
        'Upload in one stream instead (parallelUploads: 1).',
    );
  }
  const { checksum } = needs;
  if (checksum && !(extensions.includes('checksum') && checksumAlgorithms.includes(checksum))) {
    const offered = checksumAlgorithms.length > 0 ? `; it has ${checksumAlgorithms.join(', ')}` : '';
    throw new TusUnsupportedError(`The server at ${endpoint} does not verify ${checksum}${offered}.`);
  }
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
