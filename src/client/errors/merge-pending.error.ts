import { TusClientError } from './tus-client.error.js';

/** The server has taken the final upload, and was still merging it when `mergeTimeout` was over. */
export class MergePendingError extends TusClientError {
  override readonly code = 'MERGE_PENDING';

  constructor(
    /** The URL of the final upload; `info(url)` tells when it is there. */
    readonly url: string,
    milliseconds: number,
  ) {
    super(`After ${milliseconds} ms the server is still merging ${url}.`);
  }
}
