import { TusClientError } from './tus-client.error.js';

/** The file or stream cannot be read, or is not what it was when the upload began. */
export class UploadSourceError extends TusClientError {
  override readonly code = 'SOURCE';
  /** True if the file has changed: the next call begins anew. What could not be read may be resumed. */
  readonly changed: boolean;

  constructor(
    message: string,
    { changed = false, ...options }: ErrorOptions & { readonly changed?: boolean } = {},
  ) {
    super(message, options);
    this.changed = changed;
  }
}
