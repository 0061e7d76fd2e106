import type { UploadState } from '../model/upload.js';
import type { UploadChange, UploadRecord } from '../repository/upload-record.js';

/** Injection token of the locker of one registration. */
export const LOCKER = Symbol('nestjs-tus:locker');

/** Why a holder is asked to let go, or finds that it has lost the lease. It is the reason of `Lock.signal`. */
export type LetGoReason = 'append' | 'terminate' | 'shutdown' | 'lost';

/** The right to write to one upload: a lease in its row. */
export interface Lock {
  /** The row as it was when the lease was taken, with every write of this lock applied. */
  readonly upload: UploadRecord;
  /** True when the holder before never said that it had stopped. */
  readonly fenced: boolean;
  /** Aborts when somebody else asks for the upload, or the lease is lost. Its reason is a `LetGoReason`. */
  readonly signal: AbortSignal;
  /** The highest offset that a beat may have put on record, and clients may know: never to be taken back. */
  readonly recorded: number;
  /** Called once a second while the lock is held. */
  onBeat: (() => void) | undefined;
  /** Tells what is durable; the next beat records it. Less than before keeps beats from recording the difference. */
  progress(offset: number): void;
  /** Writes and keeps the lease. @throws LeaseLostError if the lease went to somebody else. */
  write(change: UploadChange): Promise<UploadRecord>;
  /** Writes and gives the lease back, in one statement. @throws LeaseLostError */
  release(change?: UploadChange): Promise<UploadRecord>;
  /** Stops renewing and wakes who waits, after a statement outside this lock has given the lease back. */
  forget(): void;
}

export type Acquired =
  | { readonly lock: Lock }
  /** The row is not in one of the wanted states (undefined: there is none). */
  | { readonly lock?: undefined; readonly record: UploadRecord | undefined };

export interface AcquireRequest {
  readonly id: string;
  readonly states: readonly UploadState[];
  /** Bytes that are at hand: if they are all of an untouched upload, it is `finishing` with the lease. */
  readonly atHand?: number | undefined;
  /** What a running holder is told. */
  readonly ask: LetGoReason;
  /** Called with the row before a running holder is asked: what it throws is thrown on, and the holder goes on. */
  readonly check?: (record: UploadRecord) => void;
}

export interface Locker {
  /** The name under which this process holds leases. */
  readonly holder: string;
  /** @throws UploadLockedError if the holder did not let go in time. */
  acquire(request: AcquireRequest): Promise<Acquired>;
  /** Takes the lease only if nobody has it, and the row is in one of the states. */
  tryAcquire(id: string, states: readonly UploadState[]): Promise<Lock | undefined>;
  /** Takes over a lease that an insert of this process has just taken. */
  adopt(record: UploadRecord): Lock;
  /** Asks every holder of this process to let go, and resolves when all have, or after the grace period. */
  drain(graceMilliseconds: number): Promise<void>;
}
