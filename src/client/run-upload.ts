import {
  Upload,
  type HttpRequest,
  type HttpResponse,
  type PreviousUpload,
  type UploadOptions,
} from 'tus-js-client';
import { describeFailure } from './describe-failure.js';
import { UploadFailedError } from './errors.js';
import { FileRanges, type FileRange } from './file-ranges.js';

export interface UploadRun {
  readonly file: { readonly path: string; readonly size: number };
  readonly tus: UploadOptions;
  readonly previous: PreviousUpload | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs tus-js-client until the upload is complete, and resolves with its URL.
 * @throws UploadFailedError, or the reason of the signal.
 */
export function runUpload({ file, tus, previous, signal }: UploadRun): Promise<string> {
  return new Promise((resolve, reject) => {
    const endpoint = tus.endpoint ?? '';
    const fail = (error: unknown): void => {
      finish();
      reject(new UploadFailedError(describeFailure(error, endpoint), { cause: error }));
    };
    const ranges = new FileRanges(fail);
    const split = (tus.parallelUploads ?? 1) > 1;
    const range: FileRange = { path: file.path, start: 0, end: file.size, split };
    let over = false;
    // The declared types know inputs of browsers only; what a reader understands is its own affair.
    const upload = new Upload(range as unknown as Buffer, {
      ...tus,
      fileReader: ranges,
      onBeforeRequest: () => {
        // A range that was about to begin when the upload was stopped would begin all the same.
        if (over) throw new Error('the upload is over');
      },
      onAfterResponse: refuseToStartAnew,
      onShouldRetry: (error, _attempt, options) => !over && isWorthRetrying(error, options),
      onSuccess: () => {
        finish();
        resolve(upload.url ?? '');
      },
      onError: fail,
    });
    const finish = (): void => {
      if (over) return;
      over = true;
      signal?.removeEventListener('abort', interrupt);
      // Other ranges go on after one has failed, unless they are stopped.
      void upload.abort();
      ranges.close();
    };
    const interrupt = (): void => {
      finish();
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) return interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    if (previous) upload.resumeFromPreviousUpload(previous);
    upload.start();
  });
}

/** tus-js-client creates a new upload after any failed HEAD; only one that is really gone is worth that (CLI-03). */
function refuseToStartAnew(request: HttpRequest, response: HttpResponse): void {
  const status = response.getStatus();
  if (request.getMethod() !== 'HEAD' || status < 300 || [404, 410, 423].includes(status)) return;
  throw new Error(`the server answered ${status} when asked for the offset`);
}

type RetryRule = NonNullable<UploadOptions['onShouldRetry']>;

function isWorthRetrying(error: Parameters<RetryRule>[0], options: Parameters<RetryRule>[2]): boolean {
  // A range that failed for good must not start all ranges again while the others still run.
  const isWhole = (options.parallelUploads ?? 1) > 1;
  if (isWhole && error.originalRequest.getHeader('Upload-Concat') === 'partial') return false;
  const status = error.originalResponse?.getStatus() ?? 0;
  return status < 400 || status >= 500 || status === 409 || status === 423;
}
