import type { CompletedUpload } from '../../model/upload.js';
import type { DeliveryRepository } from '../../repository/delivery-repository.js';
import { toCompletedUpload } from '../../repository/to-upload.js';
import type { UploadRecord } from '../../repository/upload-record.js';
import type { CompletionOutbox } from '../completion-outbox.js';
import type { OnUploadComplete } from '../hooks.js';

const RENEW_MILLISECONDS = 1_000;
/** A hook that threw is called again after this long. */
const RETRY_MILLISECONDS = 10_000;
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

  constructor(private readonly deps: CompletionRelayDeps) {}

  /** Set once, when the providers of the application are known. */
  use(hooks: readonly OnUploadComplete[]): void {
    this.hooks = hooks;
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
    });
    this.running.set(upload.id, work);
    this.timer ??= setInterval(() => this.renew(), RENEW_MILLISECONDS).unref();
  }

  /** Takes up what a crash or an exception left. Resolves when all of it was tried, which hooks may make long. */
  async catchUp(): Promise<void> {
    this.catchingUp ??= this.claimAll().finally(() => {
      this.catchingUp = undefined;
    });
    await this.catchingUp;
  }

  /** Begins no more deliveries, and waits for the hooks that run. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running.values());
    // The database is closed next; who asked for it hears of a failure.
    await this.catchingUp?.catch(() => undefined);
    this.stopRenewing();
  }

  private async claimAll(): Promise<void> {
    while (this.wanted && !this.stopped) {
      const records = await this.deps.deliveries.claim(BATCH);
      for (const record of records) this.deliver(record);
      await Promise.all(records.map((record) => this.running.get(record.id)));
      if (records.length < BATCH) return;
    }
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
