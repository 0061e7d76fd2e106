import type { CompletedUpload } from '../model/upload.js';

/** A provider that threw at every attempt to tell it of a completed upload. It is not called again unless asked for. */
export interface FailedDelivery {
  readonly upload: CompletedUpload;
  /** The name of the provider: its class, unless it has a token of its own. */
  readonly provider: string;
  /** How often it was called since the completion, or since it was last repeated. */
  readonly attempts: number;
  /** What it threw the last time, as text. */
  readonly lastError: string;
  /** When it was called the last time, by the clock of the database. */
  readonly since: Date;
}

/** A page of failed deliveries, in the order of their uploads and providers. */
export interface ListFailedDeliveries {
  /** Only those behind this one: the last of the page before. */
  readonly after?: FailedDelivery;
  /** @default 100 */
  readonly limit?: number;
}
