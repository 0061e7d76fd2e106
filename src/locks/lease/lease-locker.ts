import { randomUUID } from 'node:crypto';
import { UploadLockedError } from '../../model/errors/upload-locked.error.js';
import type { UploadState } from '../../model/upload.js';
import type { Extension, UploadRecord } from '../../repository/upload-record.js';
import { LEASE_MILLISECONDS } from '../../repository/upload-repository.js';
import type { UploadRepository, WantedRow } from '../../repository/upload-repository.js';
import type { AcquireRequest, Acquired, Locker } from '../locker.js';
import { LeaseLock } from './lease-lock.js';
import { Waiters } from './waiters.js';

/** How long a newcomer waits for a running writer to let go (CORE-19). */
const WAIT_MILLISECONDS = 5_000;
/** How often leases are renewed and offsets recorded. */
const BEAT_MILLISECONDS = 1_000;
/** Bytes that a beat flushes have this long to become durable before their offset is recorded. */
const FLUSH_MILLISECONDS = 50;

export interface LeaseLockerDeps {
  readonly repository: UploadRepository;
  /** Told of a renewal that failed; the leases run out if it goes on. */
  readonly onError: (error: unknown) => void;
  /** How far each renewal puts off the expiry of an open upload; null or undefined: not at all. */
  readonly extend?: Extension | null;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** Locks as leases in the rows, with hand-over inside this process by event. */
export class LeaseLocker implements Locker {
  readonly holder = randomUUID();
  private readonly held = new Map<string, LeaseLock>();
  private readonly waiters = new Waiters();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private renewing = false;
  private draining = false;

  constructor(private readonly deps: LeaseLockerDeps) {
    this.now = deps.now ?? (() => performance.now());
  }

  async acquire(request: AcquireRequest): Promise<Acquired> {
    const deadline = this.now() + WAIT_MILLISECONDS;
    for (;;) {
      if (this.draining) throw new UploadLockedError();
      const local = this.held.get(request.id);
      const lock = local ? undefined : await this.takeFree(request.id, request);
      if (lock) return { lock };
      const refused = await this.turn(request, { local, deadline });
      if (refused) return refused;
    }
  }

  tryAcquire(id: string, states: readonly UploadState[]): Promise<LeaseLock | undefined> {
    return this.takeFree(id, { states });
  }

  adopt(record: UploadRecord): LeaseLock {
    return this.track(record, this.now());
  }

  /** Renews all leases and records their offsets, in one statement. */
  async beat(): Promise<void> {
    for (const lock of this.held.values()) lock.checkClock();
    if (this.renewing || this.held.size === 0) return;
    this.renewing = true;
    try {
      const sentAt = this.now();
      const beats = [...this.held.values()].map((lock) => ({ lock, renewal: lock.renew() }));
      const renewals = beats.map(({ renewal }) => renewal);
      const ours = await this.deps.repository.renew(this.holder, renewals, this.deps.extend);
      for (const { lock, renewal } of beats) {
        if (ours.has(renewal.id)) lock.renewed(sentAt, renewal.offset);
        else lock.lose();
      }
    } catch (error) {
      this.deps.onError(error);
    } finally {
      this.renewing = false;
    }
  }

  async drain(graceMilliseconds: number): Promise<void> {
    this.draining = true;
    const ended = [...this.held.values()].map(async (lock) => {
      lock.ask('shutdown');
      await this.waiters.watch(lock.upload.id).wait(graceMilliseconds);
    });
    await Promise.all(ended);
    clearInterval(this.timer);
  }

  /** Waits until the upload may be free; resolves with its row if it is in none of the states any more. */
  private async turn(
    request: AcquireRequest,
    { local, deadline }: { local: LeaseLock | undefined; deadline: number },
  ): Promise<Acquired | undefined> {
    // Before the look: a holder that lets go right behind it wakes those only who are there already.
    const watch = this.waiters.watch(request.id);
    try {
      const found = local?.upload ?? (await this.deps.repository.find(request.id));
      if (!found || !request.states.includes(found.state) || (!local && found.expired))
        return { record: found };
      const holder = local ?? this.held.get(request.id);
      const running = holder?.onRecord ?? found;
      request.check?.(running);
      holder?.ask(request.ask);
      // Another process's lease is only known to end when it runs out.
      const lapse = holder ? WAIT_MILLISECONDS : (found.leaseRemaining ?? 0) + 1;
      const left = deadline - this.now();
      if (left <= 0) throw new UploadLockedError(running.expiresAt);
      await watch.wait(Math.min(lapse, left));
      return undefined;
    } finally {
      watch.end();
    }
  }

  private async takeFree(id: string, wanted: WantedRow): Promise<LeaseLock | undefined> {
    if (this.draining || this.held.has(id)) return undefined;
    const sentAt = this.now();
    const record = await this.deps.repository.take(id, this.holder, wanted);
    return record && this.track(record, sentAt);
  }

  private track(record: UploadRecord, sentAt: number): LeaseLock {
    const lock = new LeaseLock(record, sentAt + LEASE_MILLISECONDS, {
      repository: this.deps.repository,
      now: this.now,
      onEnd: (ended) => this.untrack(ended),
    });
    this.held.set(record.id, lock);
    // A newcomer may have seen the lease in the row before it was known here.
    this.waiters.wake(record.id);
    this.timer ??= setInterval(() => this.onTimer(), BEAT_MILLISECONDS).unref();
    // An upload that was inserted with its lease while the others let go stops at once, too.
    if (this.draining) lock.ask('shutdown');
    return lock;
  }

  private untrack(lock: LeaseLock): void {
    if (this.held.get(lock.upload.id) === lock) this.held.delete(lock.upload.id);
    if (this.held.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.waiters.wake(lock.upload.id);
  }

  private onTimer(): void {
    for (const lock of this.held.values()) lock.onBeat?.();
    setTimeout(() => void this.beat(), FLUSH_MILLISECONDS).unref();
  }
}
