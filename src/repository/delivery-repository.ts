import type { UploadRecord } from './upload-record.js';

/** Injection token of the pending completion events of one registration. */
export const DELIVERY_REPOSITORY = Symbol('nestjs-tus:delivery-repository');

/**
 * Completion events that wait for `OnUploadComplete`. The statement that completes a row marks its event pending and
 * claims it for `LEASE_MILLISECONDS`. The marker is cleared when every provider returned, or by the failure of one,
 * which puts those that have not returned on record, each for itself: see `RetryRepository`.
 */
export interface DeliveryRepository {
  /** Claims events whose claim ran out, oldest first. Each is claimed by one caller only. */
  claim(limit: number): Promise<UploadRecord[]>;

  /** Extends claims that are being worked on. */
  renew(ids: readonly string[]): Promise<void>;

  /** Every provider returned, for each of these. */
  delivered(ids: readonly string[]): Promise<void>;

  /** Uploads whose claim ran out `ORPHANED_MILLISECONDS` ago: no process has hooks for them. */
  orphans(limit: number): Promise<string[]>;

  /** Clears such a marker without a call; 0 if it is claimed, or there is none. */
  dismiss(uploadId: string): Promise<number>;
}
