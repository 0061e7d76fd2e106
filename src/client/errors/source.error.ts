import { TusClientError } from './tus-client.error.js';

/** The file or stream cannot be read, or is not what it was when the upload began. */
export class UploadSourceError extends TusClientError {
  override readonly code = 'SOURCE';
}
