import { toCompletedUpload } from '../../repository/to-upload.js';
import type { ClaimedRetry } from '../../repository/retry-repository.js';
import type { UploadRecord } from '../../repository/upload-record.js';
import type { CompletionOutbox } from '../completion-outbox.js';
import type { FailedDelivery, ListFailedDeliveries } from '../failed-delivery.js';
import type { OnUploadComplete } from '../hooks.js';
import type { NamedHook } from '../named-hook.js';
import { Alarm } from './alarm.js';
import { FailedDeliveries } from './failed-deliveries.js';
import type { OrphanedDeliveries } from './failed-deliveries.js';
import { HookCalls } from './hook-calls.js';
import type { HookCallsDeps } from './hook-calls.js';
import { Slots } from './slots.js';

export interface CompletionRelayDeps extends Omit<HookCallsDeps, 'alarm'> {
  /** Asked once, before an upload is complete: they are called in this order. @throws Error while they cannot be known */
  readonly findHooks: () => readonly NamedHook<OnUploadComplete>[];
}

/** Calls `OnUploadComplete` for events that the completing statement marked pending and claimed. */
export class CompletionRelay implements CompletionOutbox {
  private known: readonly NamedHook<OnUploadComplete>[] | undefined;
  private readonly alarm = new Alarm(() => this.catchUpSoon());
  private readonly calls: HookCalls;
  private readonly failures: FailedDeliveries;
  private readonly slots: Slots;
  private catchingUp: Promise<void> | undefined;
  /** Somebody asked while the database was being looked through. */
  private onceMore = false;
  private stopped = false;
  /** More may wait in the database than can be worked on at once. */
  private behind = false;

  constructor(private readonly deps: CompletionRelayDeps) {
    this.calls = new HookCalls({ ...deps, alarm: this.alarm });
    this.failures = new FailedDeliveries({ ...deps, providers: () => this.providers });
    this.slots = new Slots({
      count: deps.settings.concurrency,
      onFree: () => {
        if (this.behind && this.slots.free >= this.slots.moving / 2) this.catchUpSoon();
      },
      onStuck: () => (this.behind = true),
    });
  }

  get wanted(): boolean {
    return this.hooks.length > 0 || this.deps.settings.elsewhere;
  }

  get elsewhere(): boolean {
    return this.hooks.length === 0;
  }

  deliver(record: UploadRecord): void {
    const upload = toCompletedUpload(record);
    if (!upload || this.elsewhere || this.stopped || this.calls.isTelling(upload)) return;
    // Left out, it waits in the database until its claim has run out, for whoever has time.
    if (!this.slots.take(this.calls.all(upload, this.hooks))) this.behind = true;
  }

  /** Takes up what a crash or an exception left, as much of it as may run at once. */
  async catchUp(): Promise<void> {
    this.catchingUp ??= this.claimAll().finally(() => {
      this.catchingUp = undefined;
      if (this.onceMore) this.catchUpSoon();
    });
    await this.catchingUp;
  }

  /** Resolves when what is claimed now has been delivered, or has failed, and that is on record. */
  async idle(): Promise<void> {
    // Who asked for it hears of a failure.
    while (this.catchingUp) await this.catchingUp.catch(() => undefined);
    await this.slots.idle();
    await this.calls.idle();
  }

  /** Begins no more calls: what waits, and what completes from now on, is left to the next process. */
  pause(): void {
    this.stopped = true;
    this.alarm.stop();
    this.slots.close();
    this.calls.pause();
  }

  /** Begins no more calls, and waits for those that run. */
  async stop(): Promise<void> {
    this.pause();
    await this.idle();
  }

  failed(page: ListFailedDeliveries): Promise<FailedDelivery[]> {
    return this.failures.list(page);
  }

  async repeat(uploadId: string, provider?: string): Promise<number> {
    const count = await this.failures.repeat(uploadId, provider);
    if (count > 0) this.catchUpSoon();
    return count;
  }

  dismiss(uploadId: string, provider?: string): Promise<number> {
    return this.failures.dismiss(uploadId, provider);
  }

  /** What waits without anybody, as far as this process knows: not where others are said to have the hooks. */
  async orphans(): Promise<OrphanedDeliveries> {
    return this.elsewhere && this.wanted ? { providers: [], uploads: [] } : this.failures.orphans();
  }

  private get hooks(): readonly NamedHook<OnUploadComplete>[] {
    return (this.known ??= this.deps.findHooks());
  }

  private get providers(): readonly string[] {
    return this.hooks.map(({ name }) => name);
  }

  private retry({ upload: record, ...delivery }: ClaimedRetry): void {
    const upload = toCompletedUpload(record);
    const hook = this.hooks.find(({ name }) => name === delivery.provider);
    if (upload && hook && !this.calls.isCalling(delivery))
      this.slots.take(this.calls.again(delivery, upload, hook));
  }

  /** A failure is met again in the next round of maintenance. */
  private catchUpSoon(): void {
    // What runs may have looked before this was due.
    this.onceMore = this.catchingUp !== undefined;
    this.catchUp().catch(() => undefined);
  }

  // Hooks are not waited for: one that never returns must not keep the events of others.
  private async claimAll(): Promise<void> {
    const { providers } = this;
    for (let found = 1; found > 0 && providers.length > 0 && !this.stopped && this.slots.free > 0;) {
      const records = await this.deps.deliveries.claim(this.slots.free);
      for (const record of records) this.deliver(record);
      const { free } = this.slots;
      const retries = free > 0 ? await this.deps.retries.claim(providers, free) : [];
      for (const retry of retries) this.retry(retry);
      found = records.length + retries.length;
    }
    this.behind = this.slots.free <= 0;
  }
}
