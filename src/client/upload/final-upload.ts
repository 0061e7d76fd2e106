import { TusProtocolError } from '../errors/protocol.error.js';
import { MergePendingError } from '../errors/merge-pending.error.js';
import { field, wholeNumber, type Answer } from '../http/answer.js';
import { mayPass, waitBefore } from '../http/retry-policy.js';
import type { FinalUpload } from '../options.js';
import type { Connection } from './connection.js';

const MERGE_TIMEOUT = 600_000;
const FIRST_LOOK = 200;
const LONGEST_PAUSE = 5000;

export interface FinalRequest {
  readonly connection: Connection;
  /** Absolute, in the order of the file. */
  readonly urls: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly mergeTimeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Asks for the merge once; a POST that is repeated finds the same final where the server knows how (CON-30). */
export async function requestFinal(request: FinalRequest): Promise<FinalUpload> {
  const { connection, urls, signal } = request;
  const metadata = encoded(request.metadata);
  const answer = await connection.requester.once({
    method: 'POST',
    url: connection.endpoint,
    headers: {
      'Upload-Concat': `final;${urls.join(' ')}`,
      ...(metadata !== '' && { 'Upload-Metadata': metadata }),
    },
    signal,
  });
  const location = field(answer, 'Location');
  if (location === undefined)
    throw new TusProtocolError('The server has made a final upload without a Location.');
  return finalOf(new URL(location, connection.endpoint).href, answer);
}

/**
 * Waits until a final is merged (CLI-08); one that already is needs no request.
 * @throws MergePendingError when `mergeTimeout` is over, TusResponseError if the final is gone.
 */
export async function awaitMerge(final: FinalUpload, request: FinalRequest): Promise<FinalUpload> {
  const { connection, signal, mergeTimeout = MERGE_TIMEOUT } = request;
  const until = performance.now() + mergeTimeout;
  for (let pause = 0; ; pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_LOOK, pause * 1.5))) {
    if (final.offset !== null) return final;
    if (performance.now() + pause > until) throw new MergePendingError(final.url, mergeTimeout);
    await waitBefore(pause, signal);
    final = await look(connection, final, signal);
  }
}

async function look(
  { requester }: Connection,
  final: FinalUpload,
  signal: AbortSignal | undefined,
): Promise<FinalUpload> {
  try {
    return finalOf(final.url, await requester.once({ method: 'HEAD', url: final.url, signal }));
  } catch (error) {
    if (!mayPass(error)) throw error;
    return final;
  }
}

/** As tus-js-client sends it: a key without a value has its space. */
function encoded(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

function finalOf(url: string, answer: Answer): FinalUpload {
  return {
    url,
    size: wholeNumber(answer, 'Upload-Length'),
    offset: wholeNumber(answer, 'Upload-Offset'),
    answer,
  };
}
