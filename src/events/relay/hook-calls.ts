import type { CompletedUpload } from '../../model/upload.js';
import type { DeliveryRepository } from '../../repository/delivery-repository.js';
import type {
  CountedDelivery,
  DeliveryFailure,
  DeliveryKey,
  RetryRepository,
} from '../../repository/retry-repository.js';
import type { DeliverySettings } from '../delivery-settings.js';
import type { OnUploadComplete } from '../hooks.js';
import type { NamedHook } from '../named-hook.js';
import type { Alarm } from './alarm.js';
import { backOff } from './back-off.js';
import { Claims } from './claims.js';
import { HeldBack } from './held-back.js';
import { toldOfWhileLong } from './long-call.js';
import { SharedWrite } from './shared-write.js';
import type { Task } from './slots.js';

/** Of what a hook threw so much is kept. */
const LONGEST_ERROR = 2_000;

export interface HookCallsDeps {
  readonly deliveries: DeliveryRepository;
  readonly retries: RetryRepository;
  readonly settings: DeliverySettings;
  /** Rings when a call that failed is due again. */
  readonly alarm: Alarm;
  /** Told of a hook that threw, with what follows, and of a statement that failed. */
  readonly onError: (error: unknown, upload: CompletedUpload, failed?: FailedCall) => void;
  /** Told of a provider that has not returned for so many minutes. */
  readonly onLong: (upload: CompletedUpload, provider: string, minutes: number) => void;
}

export interface FailedCall {
  readonly provider: string;
  /** Milliseconds until it is called again; null if it is given up. */
  readonly delay: number | null;
}

type Hook = NamedHook<OnUploadComplete>;
/** How a call ended. */
type Outcome = { readonly hook: Hook; readonly error?: unknown; readonly failed: boolean };

/** Calls hooks for what is claimed, and puts on record how that ended. Never rejects. */
export class HookCalls {
  private readonly marked: Claims<string>;
  private readonly single: Claims<CountedDelivery>;
  private readonly done: SharedWrite;
  private readonly heldBack: HeldBack;
  private readonly ending = new Set<Promise<void>>();

  constructor(private readonly deps: HookCallsDeps) {
    const { deliveries, retries, settings } = deps;
    this.marked = new Claims((ids) => deliveries.renew(ids));
    this.single = new Claims((keys) => retries.renew(keys));
    this.done = new SharedWrite((ids) => deliveries.delivered(ids));
    this.heldBack = new HeldBack({
      delay: (faults) => backOff(settings, faults, Math.random()) ?? settings.longestDelay,
      drop: (key) => {
        this.marked.drop(key);
        this.single.drop(key);
      },
    });
  }

  /** Tells all hooks of an upload whose marker is claimed, in their order, without one waiting for another. */
  all(upload: CompletedUpload, hooks: readonly Hook[]): Task {
    return {
      key: upload.id,
      run: () => this.tellAll(upload, hooks),
      hold: () => this.marked.hold(upload.id, upload.id),
      drop: () => this.marked.drop(upload.id),
    };
  }

  /** Holds back nothing any more: the next process begins with it. */
  pause(): void {
    this.heldBack.close();
  }

  /** Whether its hooks are being called, its marker is about to be cleared, or it is held back. */
  isTelling({ id }: CompletedUpload): boolean {
    return this.marked.has(id);
  }

  /** Resolves when what has returned is on record. */
  async idle(): Promise<void> {
    while (this.ending.size > 0) await Promise.all(this.ending);
  }

  /** Whether the hook is being called already, where the database did not answer for long, or is held back. */
  isCalling(delivery: DeliveryKey): boolean {
    return this.single.has(nameOf(delivery));
  }

  /** Tells one hook again whose delivery is claimed. */
  again(delivery: CountedDelivery, upload: CompletedUpload, hook: Hook): Task {
    return {
      key: nameOf(delivery),
      run: () => this.settle(delivery, upload, this.call(hook, upload)),
      hold: () => this.single.hold(nameOf(delivery), delivery),
      drop: () => this.single.drop(nameOf(delivery)),
    };
  }

  /** Never rejects. */
  private call(hook: Hook, upload: CompletedUpload): Promise<Outcome> {
    return toldOfWhileLong(outcomeOf(hook, upload), (minutes) =>
      this.deps.onLong(upload, hook.name, minutes),
    );
  }

  // A crash before it ends calls all of them again. The first that throws puts itself, and those that still run, on
  // record by themselves. The claim keeps a second process away.
  private async tellAll(upload: CompletedUpload, hooks: readonly Hook[]): Promise<void> {
    const { id } = upload;
    this.marked.hold(id, id);
    const running = new Map(hooks.map((hook) => [hook, this.call(hook, upload)]));
    try {
      while (running.size > 0) {
        const outcome = await Promise.race(running.values());
        running.delete(outcome.hook);
        if (outcome.failed) return await this.part(upload, outcome, running);
      }
      this.finish(upload);
    } catch (error) {
      // The claim is kept as long as a hook runs, and for a delay; then it runs out, and all are called again.
      this.deps.onError(error, upload);
      await Promise.all(running.values());
      this.heldBack.add(id);
    }
  }

  /** Clears the marker. The claim is kept until then, but not the place of a call. */
  private finish(upload: CompletedUpload): void {
    const { id } = upload;
    const ending = this.done
      .add(id)
      .then(
        () => {
          this.heldBack.forget(id);
          this.marked.drop(id);
        },
        (error: unknown) => {
          this.deps.onError(error, upload);
          this.heldBack.add(id);
        },
      )
      .finally(() => this.ending.delete(ending));
    this.ending.add(ending);
  }

  private async part(
    upload: CompletedUpload,
    { hook, error }: Outcome,
    running: ReadonlyMap<Hook, Promise<Outcome>>,
  ): Promise<void> {
    const others = [...running].map(([{ name }, outcome]) => {
      return { delivery: { ...keyOf(upload, name), attempts: 0 }, outcome };
    });
    // Before it is known that their rows are there: the answer may be lost.
    for (const { delivery } of others) this.single.hold(nameOf(delivery), delivery);
    const failure = this.failure(upload, { hook, error }, 1);
    const open = [{ ...keyOf(upload, hook.name), failure }, ...others.map(({ delivery }) => delivery)];
    let recorded = false;
    try {
      recorded = await this.deps.retries.open(upload.id, open);
    } finally {
      // Where somebody else was faster, the rows are theirs.
      if (!recorded)
        for (const { delivery, outcome } of others)
          void outcome.then(() => this.single.drop(nameOf(delivery)));
    }
    this.ringFor(failure);
    this.heldBack.forget(upload.id);
    this.marked.drop(upload.id);
    if (!recorded) return void (await Promise.all(running.values()));
    await Promise.all(others.map(({ delivery, outcome }) => this.settle(delivery, upload, outcome)));
  }

  // A crash before the statement calls the hook again, once the claim has run out; after it never, or when it is due. Of
  // two at once the second finds no row, or one with another count.
  private async settle(
    delivery: CountedDelivery,
    upload: CompletedUpload,
    call: Promise<Outcome>,
  ): Promise<void> {
    const key = nameOf(delivery);
    this.single.hold(key, delivery);
    const outcome = await call;
    try {
      if (outcome.failed) {
        const failure = this.failure(upload, outcome, delivery.attempts + 1);
        await this.deps.retries.failed(delivery, failure);
        this.ringFor(failure);
      } else await this.deps.retries.delivered(delivery);
      this.heldBack.forget(key);
      this.single.drop(key);
    } catch (fault) {
      this.deps.onError(fault, upload);
      this.heldBack.add(key);
    }
  }

  private failure(
    upload: CompletedUpload,
    { hook, error }: Pick<Outcome, 'hook' | 'error'>,
    failures: number,
  ): DeliveryFailure {
    const delay = backOff(this.deps.settings, failures, Math.random());
    this.deps.onError(error, upload, { provider: hook.name, delay });
    return { error: textOf(error), delay };
  }

  /** Set when the statement is through: by then the database has begun to count. */
  private ringFor({ delay }: DeliveryFailure): void {
    if (delay !== null) this.deps.alarm.set(delay + 1);
  }
}

async function outcomeOf(hook: Hook, upload: CompletedUpload): Promise<Outcome> {
  try {
    await hook.hook.onUploadComplete(upload);
    return { hook, failed: false };
  } catch (error) {
    return { hook, error, failed: true };
  }
}

function nameOf({ uploadId, provider }: DeliveryKey): string {
  return `${uploadId} ${provider}`;
}

function keyOf({ id }: CompletedUpload, provider: string) {
  return { uploadId: id, provider };
}

/** PostgreSQL has no text with a NUL. Not everything that can be thrown has a text. */
function textOf(error: unknown): string {
  try {
    return String(error).replaceAll('\0', '').slice(0, LONGEST_ERROR);
  } catch {
    return typeof error;
  }
}
