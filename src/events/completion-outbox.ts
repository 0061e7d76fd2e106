import type { UploadRecord } from '../repository/upload-record.js';

/** Where completed uploads are handed over for `OnUploadComplete`. */
export interface CompletionOutbox {
  /** Whether completing statements have to mark their event: without a hook nothing is written. */
  readonly wanted: boolean;
  /** Calls the hooks for a row whose event the completing statement has marked and claimed. Never throws. */
  deliver(record: UploadRecord): void;
}
