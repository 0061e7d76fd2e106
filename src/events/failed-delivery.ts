import type { CompletedUpload } from '../model/upload.js';

/**
 * A provider that was not told of a completed upload: it threw at every attempt, and is not called again unless asked
 * for; or it is `orphaned`.
 */
export interface FailedDelivery {
  readonly upload: CompletedUpload;
  /** The name of the provider: its class, unless it has a token of its own. */
  readonly provider: string;
  /** How often it has thrown since the completion, or since it was last repeated. */
  readonly attempts: number;
  /** What it threw the last time, as text; empty if its last call ended with the process. */
  readonly lastError: string;
  /** When it threw the last time, or was due where it never has, by the clock of the database. */
  readonly since: Date;
  /** It has been due for a minute, but this process has no provider of that name, and no other has called it. */
  readonly orphaned: boolean;
}

/** Names a delivery: what is listed comes behind it. */
export interface DeliveryCursor {
  readonly uploadId: string;
  readonly provider: string;
}

/** A page of failed deliveries, in the order of their uploads and providers. */
export interface ListFailedDeliveries {
  /** Only those behind this one: the last of the page before. */
  readonly after?: DeliveryCursor;
  /**
   * How many at most, 1 or more.
   * @default 100
   */
  readonly limit?: number;
}
