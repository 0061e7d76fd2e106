import type { UploadRecord } from '../repository/upload-record.js';
import type { FailedDelivery, ListFailedDeliveries } from './failed-delivery.js';

/** Where completed uploads are handed over for `OnUploadComplete`. */
export interface CompletionOutbox {
  /** Whether completing statements have to mark their event: without a hook nothing is written. */
  readonly wanted: boolean;
  /** Whether they leave it to another process, as one has to that has no hook itself. */
  readonly elsewhere: boolean;
  /** Calls the hooks for a row whose event the completing statement has marked and claimed. Never throws. */
  deliver(record: UploadRecord): void;
  /** Deliveries whose attempts are used up, or that nobody takes. @throws InvalidPageError */
  failed(page: ListFailedDeliveries): Promise<FailedDelivery[]>;
  /** Begins them again, of one provider or of all; resolves with how many. */
  repeat(uploadId: string, provider?: string): Promise<number>;
  /** Ends them without a call, of one provider or of all; resolves with how many. */
  dismiss(uploadId: string, provider?: string): Promise<number>;
}
