import type { UploadRecord } from './upload-record.js';

/** Injection token of the deliveries of one registration that have failed. */
export const RETRY_REPOSITORY = Symbol('nestjs-tus:retry-repository');

/** The call of one provider for one upload. */
export interface DeliveryKey {
  readonly uploadId: string;
  readonly provider: string;
}

/** A delivery with the number of its calls that have failed, by which two writers of it know each other. */
export interface CountedDelivery extends DeliveryKey {
  readonly attempts: number;
}

/** How a call failed. */
export interface DeliveryFailure {
  readonly error: string;
  /** Milliseconds until it may be claimed again; null gives it up. */
  readonly delay: number | null;
}

/** A provider that has not returned: its call has failed, or is under way. */
export interface OpenDelivery extends DeliveryKey {
  readonly failure?: DeliveryFailure;
}

export interface ClaimedRetry extends CountedDelivery {
  readonly upload: UploadRecord;
}

/** What is due for so long is taken by nobody: whoever has the provider looks every five seconds. */
export const ORPHANED_MILLISECONDS = 60_000;
/** The same of what was repeated: somebody has just asked for it, and whoever has the provider has looked twice by then. */
export const REPEATED_MILLISECONDS = 10_000;

/** A delivery that was given up, or has been due for `ORPHANED_MILLISECONDS` and is of no known provider. */
export interface GivenUpDelivery extends CountedDelivery {
  readonly upload: UploadRecord;
  /** Null if no call has failed. */
  readonly error: string | null;
  /** When it failed the last time, or was due if it never has: milliseconds since 1970, by the clock of the database. */
  readonly since: number;
  readonly orphaned: boolean;
}

/** Which deliveries are listed that were given up or are orphaned, in the order of their uploads and providers. */
export interface GivenUpFilter {
  readonly after?: DeliveryKey;
  readonly limit: number;
  /** Providers of this process: none of their deliveries is orphaned. */
  readonly known: readonly string[];
}

/** Deliveries by themselves, from the first failure of a provider for their upload on: a row for each. */
export interface RetryRepository {
  /**
   * One transaction: the marker of the event is cleared, and each provider that has not returned has a row; one that is
   * being called has it claimed. False if the event was not marked any more: all providers returned elsewhere, or those
   * that did not have their rows.
   */
  open(uploadId: string, deliveries: readonly OpenDelivery[]): Promise<boolean>;

  /** Claims what is due of these providers, the longest due first. Each is claimed by one caller only. */
  claim(providers: readonly string[], limit: number): Promise<ClaimedRetry[]>;

  /** Extends claims that are being worked on. */
  renew(deliveries: readonly CountedDelivery[]): Promise<void>;

  /** The provider returned. */
  delivered(delivery: DeliveryKey): Promise<void>;

  /** One call more has failed. Changes nothing if another process has said so before. */
  failed(delivery: CountedDelivery, failure: DeliveryFailure): Promise<void>;

  givenUp(filter: GivenUpFilter): Promise<GivenUpDelivery[]>;

  /**
   * Makes deliveries that were given up due, with all their attempts before them; resolves with how many. Those of a
   * provider that nobody has are orphaned after `REPEATED_MILLISECONDS`.
   */
  repeat(uploadId: string, provider?: string): Promise<number>;

  /** Removes what `givenUp` lists of an upload, of one provider or of all; resolves with how many. */
  dismiss(
    delivery: { readonly uploadId: string; readonly provider: string | undefined },
    known: readonly string[],
  ): Promise<number>;

  /** The providers of orphaned deliveries. */
  orphans(known: readonly string[]): Promise<string[]>;
}
