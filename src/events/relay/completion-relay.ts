import type { CompletedUpload } from '../../model/upload.js';
import type { DeliveryRepository } from '../../repository/delivery-repository.js';
import { toCompletedUpload } from '../../repository/to-upload.js';
import type { UploadRecord } from '../../repository/upload-record.js';
import type { CompletionOutbox } from '../completion-outbox.js';
import type { OnUploadComplete } from '../hooks.js';
import type { NamedHook } from '../named-hook.js';

const RENEW_MILLISECONDS = 1_000;
/** A hook that threw is called again after this long. */
const RETRY_MILLISECONDS = 10_000;
/** Deliveries that run at once after a crash. */
const BATCH = 100;

export interface CompletionRelayDeps {
  readonly deliveries: DeliveryRepository;
  /** Told of a hook that threw, with the upload. */
  readonly onError: (error: unknown, upload: CompletedUpload) => void;
  /** Milliseconds before a hook that threw is called again. Default: 10 s. */
  readonly retryMilliseconds?: number;
}

/** Calls `OnUploadComplete` for events that the completing statement marked pending and claimed. */
export class CompletionRelay implements CompletionOutbox {
  private hooks: readonly OnUploadComplete[] = [];
  private readonly running = new Map<string, Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private catchingUp: Promise<void> | undefined;
  private stopped = false;
  /** More events wait than may be worked on at once. */
  private behind = false;

  constructor(private readonly deps: CompletionRelayDeps) {}

  /** Set once, when the providers of the application are known. */
  use(hooks: readonly NamedHook<OnUploadComplete>[]): void {
    this.hooks = hooks.map(({ hook }) => hook);
  }

  get wanted(): boolean {
    return this.hooks.length > 0;
  }

  deliver(record: UploadRecord): void {
    const upload = toCompletedUpload(record);
    if (!upload || this.running.has(upload.id) || this.stopped) return;
    const work = this.call(upload).finally(() => {
      this.running.delete(upload.id);
      if (this.running.size === 0) this.stopRenewing();
      // A failure here is met again in the next round of maintenance.
      if (this.behind && this.running.size <= BATCH / 2) this.catchUp().catch(() => undefined);
    });
    this.running.set(upload.id, work);
    this.timer ??= setInterval(() => this.renew(), RENEW_MILLISECONDS).unref();
  }

  /** Takes up what a crash or an exception left, as much of it as may run at once. */
  async catchUp(): Promise<void> {
    this.catchingUp ??= this.claimAll().finally(() => {
      this.catchingUp = undefined;
    });
    await this.catchingUp;
  }

  /** Resolves when what is claimed now has been delivered, or has failed, and that is on record. */
  async idle(): Promise<void> {
    // Who asked for it hears of a failure.
    await this.catchingUp?.catch(() => undefined);
    await Promise.all(this.running.values());
  }

  /** Begins no more deliveries, and waits for the hooks that run. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.idle();
    this.stopRenewing();
  }

  // Hooks are not waited for: one that never returns must not keep the events of others.
  private async claimAll(): Promise<void> {
    while (this.wanted && !this.stopped && this.running.size < BATCH) {
      const records = await this.deps.deliveries.claim(BATCH - this.running.size);
      for (const record of records) this.deliver(record);
      if (records.length === 0) break;
    }
    this.behind = this.running.size >= BATCH;
  }

  // A crash before `delivered` calls the hooks again; after it never. The claim keeps a second process away.
  private async call(upload: CompletedUpload): Promise<void> {
    try {
      for (const hook of this.hooks) await hook.onUploadComplete(upload);
    } catch (error) {
      this.deps.onError(error, upload);
      const delay = this.deps.retryMilliseconds ?? RETRY_MILLISECONDS;
      return this.record(upload, () => this.deps.deliveries.postpone(upload.id, delay));
    }
    return this.record(upload, () => this.deps.deliveries.delivered(upload.id));
  }

  private async record(upload: CompletedUpload, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.deps.onError(error, upload);
    }
  }

  private renew(): void {
    this.deps.deliveries.renew([...this.running.keys()]).catch(() => {
      // The claim runs out by itself, and the event is delivered once more.
    });
  }

  private stopRenewing(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
