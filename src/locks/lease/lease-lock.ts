import { LEASE_MILLISECONDS } from '../../repository/upload-repository.js';
import type { LeaseRenewal, UploadRepository } from '../../repository/upload-repository.js';
import type { UploadChange, UploadRecord } from '../../repository/upload-record.js';
import { LeaseLostError } from '../lease-lost.error.js';
import type { LetGoReason, Lock } from '../locker.js';

/** A holder stops this long before its lease could run out, by the monotonic clock of the process. */
const SAFETY_MILLISECONDS = 1_000;

export interface LeaseLockDeps {
  readonly repository: UploadRepository;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called once, when the lock is no longer this process's. */
  readonly onEnd: (lock: LeaseLock) => void;
}

/** One lease held by this process. */
export class LeaseLock implements Lock {
  onBeat: (() => void) | undefined;
  readonly fenced: boolean;
  private readonly letGo = new AbortController();
  private durable: number;
  private sent: number;
  private confirmed: number;
  private releasing = false;
  private ended = false;
  /** Until the storage has put a new place on record, the next writer must keep clear of the silent one as well. */
  private fenceStands: boolean;

  constructor(
    private record: UploadRecord,
    private validUntil: number,
    private readonly deps: LeaseLockDeps,
  ) {
    this.fenced = record.releasedEpoch !== record.epoch - 1;
    this.fenceStands = this.fenced;
    this.durable = record.offset;
    this.sent = record.offset;
    this.confirmed = record.offset;
  }

  get upload(): UploadRecord {
    return this.record;
  }

  /** The row as others read it: with the offset that beats have recorded. */
  get onRecord(): UploadRecord {
    return this.confirmed > this.record.offset ? { ...this.record, offset: this.confirmed } : this.record;
  }

  get recorded(): number {
    return this.sent;
  }

  get signal(): AbortSignal {
    return this.letGo.signal;
  }

  progress(offset: number): void {
    this.durable = offset;
    this.checkClock();
  }

  async write(change: UploadChange): Promise<UploadRecord> {
    return this.change(change, false);
  }

  async release(change: UploadChange = {}): Promise<UploadRecord> {
    this.releasing = true;
    try {
      return await this.change(change, true);
    } finally {
      // After a failed statement the lease runs out by itself: nobody renews it any more.
      this.forget();
    }
  }

  forget(): void {
    if (this.ended) return;
    this.ended = true;
    this.onBeat = undefined;
    this.deps.onEnd(this);
  }

  /** Asks the writer to stop at the next whole step. */
  ask(reason: LetGoReason): void {
    this.letGo.abort(reason);
  }

  /** What this renewal records. An upload that has all its bytes shows them only when it is finished. */
  renew(): LeaseRenewal {
    const { id, epoch, length, offset } = this.record;
    const durable = length !== null && this.durable >= length ? offset : this.durable;
    // Not once it is answered: an answer that is lost may have been a success.
    this.sent = Math.max(this.sent, durable);
    return { id, epoch, offset: durable };
  }

  /** The database has answered a renewal. */
  renewed(sentAt: number, offset: number): void {
    // A beat moves the offset of an open upload only.
    if (this.record.state === 'open') this.confirmed = Math.max(this.confirmed, offset);
    this.validUntil = sentAt + LEASE_MILLISECONDS;
  }

  lose(): void {
    if (this.ended || this.releasing) return;
    this.ask('lost');
    this.forget();
  }

  checkClock(): void {
    if (this.deps.now() > this.validUntil - SAFETY_MILLISECONDS) this.lose();
  }

  private async change(change: UploadChange, release: boolean): Promise<UploadRecord> {
    const { id, epoch } = this.record;
    if (this.ended) throw new LeaseLostError(id);
    const placed = change.reference !== undefined;
    const standing = release && this.fenceStands && !placed ? ({ ...change, fenced: true } as const) : change;
    const record = await this.deps.repository.write(id, epoch, standing, release);
    if (!record) {
      this.lose();
      throw new LeaseLostError(id);
    }
    // Only now: after a statement that failed the place is not on record.
    if (placed) this.fenceStands = false;
    this.record = record;
    return record;
  }
}
