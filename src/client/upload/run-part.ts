import type { DetailedError, FileSource, HttpRequest, HttpResponse, UploadOptions } from 'tus-js-client';
import { TusProtocolError } from '../errors/protocol.error.js';
import { TusResponseError } from '../errors/response.error.js';
import type { Answer } from '../http/answer.js';
import { delayBefore, mayPass } from '../http/retry-policy.js';
import type { Connection } from './connection.js';
import { loadTusJsClient } from './load-tus-js-client.js';

export interface PartRun {
  readonly connection: Connection;
  /** Makes what gives the bytes; it calls `leave` with the server's offset where the rest is to stay here. */
  readonly source: (leave: (offset: number) => void) => FileSource;
  /** Bytes; null if the source cannot tell. */
  readonly size: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it becomes a part of a final upload (`Upload-Concat: partial`). */
  readonly partial: boolean;
  readonly chunkSize: number;
  /** Where to go on; null to begin. */
  readonly url: string | null;
  /** Told of the URL; nothing is sent before it resolves. */
  readonly onUrl: (url: string) => Promise<void>;
  readonly onProgress: (sent: number) => void;
  readonly signal: AbortSignal;
}

export interface PartOutcome {
  readonly url: string;
  /** Bytes that the server has. */
  readonly offset: number;
  /** The last answer of the server; undefined if it was asked for nothing that it has answered. */
  readonly answer: Answer | undefined;
}

/**
 * Runs tus-js-client until everything is uploaded, or the upload is to be left.
 * @throws TusClientError, what `headers` throws, or the reason of the signal.
 */
export async function runPart(run: PartRun): Promise<PartOutcome> {
  const { Upload } = await loadTusJsClient();
  return new Promise((resolve, reject) => {
    const { signal, size } = run;
    let over = false;
    let last: Answer | undefined;
    const worthATry = retryRule(run.connection.retryDelays);
    const source = run.source((offset) => succeed(offset));
    const upload = new Upload(NO_INPUT, {
      ...optionsOf({ ...run, onUrl: (url) => run.onUrl(url).catch(fail) }),
      onBeforeRequest: async (request) => {
        // One that is stopped before its first request starts all the same.
        if (over) return new Promise<never>(() => undefined);
        await setHeaders(request, run.connection);
      },
      fileReader: { openFile: async () => source },
      onAfterResponse: (request, response) => {
        last = response.getUnderlyingObject() as Answer;
        const error = refusalToStartAnew(request.getMethod(), request.getURL(), response);
        if (error) throw error;
      },
      onChunkComplete: (moved, accepted, total) => {
        // A stream that ended where a chunk did is ended by an empty request.
        if (moved > 0 || (moved === 0 && accepted === total)) return;
        fail(new TusProtocolError('The server stores none of the bytes it takes.'));
      },
      onProgress: (sent) => {
        // Inside the exchange a failure of the application would look like a lost connection.
        guard(() => run.onProgress(sent), fail);
      },
      onShouldRetry: (error, attempt, options) => !over && worthATry(error, attempt, options),
      onSuccess: () => succeed(size ?? wholeSize(last)),
      onError: (error) => fail(toClientError(error)),
    });
    const end = (): boolean => {
      if (over) return false;
      over = true;
      signal.removeEventListener('abort', interrupt);
      void upload.abort();
      return true;
    };
    const succeed = (offset: number): void => {
      if (end()) resolve({ url: upload.url ?? '', offset, answer: last });
    };
    const fail = (error: unknown): void => {
      if (end()) reject(error);
    };
    const interrupt = (): void => fail(signal.reason);
    if (signal.aborted) return interrupt();
    signal.addEventListener('abort', interrupt);
    upload.start();
  });
}

async function setHeaders(request: HttpRequest, connection: Connection): Promise<void> {
  const headers = await connection.headers();
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
}

function guard(step: () => void, onFailure: (error: unknown) => void): void {
  try {
    step();
  } catch (error) {
    onFailure(error);
  }
}

/** The source gives the bytes; tus-js-client only wants to see that there is something. */
const NO_INPUT = Buffer.alloc(0);

function optionsOf(run: PartRun): UploadOptions {
  const { connection, size } = run;
  return {
    endpoint: connection.endpoint,
    uploadUrl: run.url,
    metadata: { ...run.metadata },
    headers: run.partial ? { 'Upload-Concat': 'partial' } : {},
    chunkSize: run.chunkSize,
    ...(size === null ? { uploadLengthDeferred: true } : { uploadSize: size }),
    retryDelays: [...connection.retryDelays],
    httpStack: connection.stack,
    // Called before the first byte is sent, and waited for, which `onUploadUrlAvailable` is not.
    fingerprint: async () => 'part',
    urlStorage: {
      findAllUploads: async () => [],
      findUploadsByFingerprint: async () => [],
      removeUpload: async () => undefined,
      addUpload: async (_fingerprint, { uploadUrl }) => {
        await run.onUrl(uploadUrl ?? '');
        return 'part';
      },
    },
  };
}

/** tus-js-client creates a new upload after any failed HEAD; only one that is really gone is worth that (CLI-03). */
function refusalToStartAnew(
  method: string,
  url: string,
  response: HttpResponse,
): TusResponseError | undefined {
  const status = response.getStatus();
  if (method !== 'HEAD' || status < 300 || [404, 410, 423].includes(status)) return undefined;
  return new TusResponseError(method, url, response.getUnderlyingObject() as Answer);
}

/** Decides, and puts the delay where tus-js-client looks for it; the plan stays, for when the list begins anew. */
function retryRule(planned: readonly number[]): NonNullable<UploadOptions['onShouldRetry']> {
  return (error, attempt, { retryDelays }) => {
    const cause = toClientError(error);
    if (!mayPass(cause) || !retryDelays) return false;
    retryDelays[attempt] = delayBefore(planned[attempt] ?? 0, cause);
    return true;
  };
}

function toClientError(error: Error): unknown {
  if (!isDetailed(error)) return error;
  const { originalRequest: request, originalResponse: response, causingError } = error;
  if (causingError) return causingError;
  if (!response) return error;
  if (response.getStatus() >= 300) {
    return new TusResponseError(
      request.getMethod(),
      request.getURL(),
      response.getUnderlyingObject() as Answer,
    );
  }
  return new TusProtocolError(`The server at ${request.getURL()} answered without a header that tus needs.`, {
    cause: error,
  });
}

function isDetailed(error: Error): error is DetailedError {
  return 'originalRequest' in error;
}

function wholeSize(answer: Answer | undefined): number {
  return Number(answer?.headers['upload-offset'] ?? 0);
}
