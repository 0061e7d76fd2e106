import type { UploadRecord } from './upload-record.js';

/** Injection token of the pending completion events of one registration. */
export const DELIVERY_REPOSITORY = Symbol('nestjs-tus:delivery-repository');

/**
 * Completion events that wait for `OnUploadComplete`. The statement that completes a row marks its event pending and
 * claims it for `LEASE_MILLISECONDS`; the marker is cleared when every hook returned.
 */
export interface DeliveryRepository {
  /** Claims events whose claim ran out, oldest first. Each is claimed by one caller only. */
  claim(limit: number): Promise<UploadRecord[]>;

  /** Extends claims that are being worked on. */
  renew(ids: readonly string[]): Promise<void>;

  /** Every hook returned. */
  delivered(id: string): Promise<void>;

  /** A hook failed: nobody claims the event before the delay is over. */
  postpone(id: string, delayMilliseconds: number): Promise<void>;
}
