import { InvalidPageError } from '../../model/errors/invalid-page.error.js';
import type { DeliveryRepository } from '../../repository/delivery-repository.js';
import type { RetryRepository } from '../../repository/retry-repository.js';
import { toCompletedUpload } from '../../repository/to-upload.js';
import type { FailedDelivery, ListFailedDeliveries } from '../failed-delivery.js';

const PAGE = 100;
/** So many uploads are named in a warning. */
const NAMED = 10;

export interface FailedDeliveriesDeps {
  readonly deliveries: DeliveryRepository;
  readonly retries: RetryRepository;
  /** The names of the providers that this process has. */
  readonly providers: () => readonly string[];
}

/** What is due and nobody takes. */
export interface OrphanedDeliveries {
  /** Names of providers that this process does not have. */
  readonly providers: readonly string[];
  /** Ids of complete uploads that wait for any hook, where this process has none; the first of them. */
  readonly uploads: readonly string[];
}

/** Deliveries that nobody makes any more unless somebody looks at them. */
export class FailedDeliveries {
  constructor(private readonly deps: FailedDeliveriesDeps) {}

  /** @throws InvalidPageError */
  async list({ after, limit = PAGE }: ListFailedDeliveries): Promise<FailedDelivery[]> {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new InvalidPageError('limit', 'use a whole number of 1 or more, or leave it out.');
    if (after && (typeof after.uploadId !== 'string' || typeof after.provider !== 'string'))
      throw new InvalidPageError(
        'after',
        'give { uploadId, provider } of the last delivery, or leave it out.',
      );
    const known = this.deps.providers();
    const rows = await this.deps.retries.givenUp({ ...(after && { after }), limit, known });
    return rows.flatMap(({ upload: record, provider, attempts, error, since, orphaned }) => {
      const upload = toCompletedUpload(record);
      if (!upload) return [];
      const lastError = error ?? '';
      return [Object.freeze({ upload, provider, attempts, lastError, since: new Date(since), orphaned })];
    });
  }

  // A crash before the statement changes nothing, after it the delivery is due like any other; of two at once the second
  // finds nothing that was given up.
  repeat(uploadId: string, provider?: string): Promise<number> {
    return this.deps.retries.repeat(uploadId, provider);
  }

  // Each is one statement that asks again whether nobody is at work on it; of two at once the second finds nothing.
  async dismiss(uploadId: string, provider?: string): Promise<number> {
    const { deliveries, retries } = this.deps;
    const known = this.deps.providers();
    const dismissed = await retries.dismiss({ uploadId, provider }, known);
    // Whoever has hooks takes up such an event.
    const whole = known.length === 0 && provider === undefined;
    return dismissed + (whole ? await deliveries.dismiss(uploadId) : 0);
  }

  async orphans(): Promise<OrphanedDeliveries> {
    const { deliveries, retries } = this.deps;
    const known = this.deps.providers();
    const uploads = known.length === 0 ? await deliveries.orphans(NAMED) : [];
    return { providers: await retries.orphans(known), uploads };
  }
}
