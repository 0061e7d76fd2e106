import type { CompletedUpload } from '../model/upload.js';

/**
 * Implement this on any provider of the application to be told of every completed upload, and of every final once it
 * is merged; never of a partial.
 *
 * Delivery is durable: the call is made at least once, also when the process ended between the last byte and the
 * call. A call that throws, or whose process ends in its middle, is made again. The client does not wait for it.
 */
export interface OnUploadComplete {
  onUploadComplete(upload: CompletedUpload): Promise<void> | void;
}
