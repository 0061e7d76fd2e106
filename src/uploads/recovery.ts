import { setImmediate as pause } from 'node:timers/promises';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { resumeMerge } from './concatenate-uploads.js';
import { expireUpload } from './expire-upload.js';
import { settleFinishing } from './finish-upload.js';
import { discardLeftParts, freeUpload, releasePartials } from './free-upload.js';
import type { Merges } from './merges.js';
import { settlePending } from './pending-finals.js';
import type { UploadDeps } from './upload-deps.js';

const BATCH = 100;
/** Merges that recovery begins while so many run in this process. */
const MERGES = 4;
/** Uploads that recovery has wait for hooks of the application at the same time. */
const WAITING = 100;
/** A tombstone answers 404 or 410 for this long (EXP-06). */
const TOMBSTONE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Takes up what crashes and failures left behind. Each step may run on several instances at once: leases decide. */
export class Recovery {
  private waiting = 0;

  constructor(
    private readonly deps: UploadDeps,
    private readonly merges: Merges,
    private readonly onError: (error: unknown, uploadId: string) => void,
  ) {}

  /** Goes on with uploads that were being published, merged or removed. */
  async resume(): Promise<void> {
    // Each for itself: merges that wait for their turn must not fill the batch of the others.
    for (const state of ['terminating', 'finishing', 'merging'] as const) {
      const found = await this.deps.repository.abandoned([state], BATCH);
      const paused = found.filter((upload) => this.isPaused(upload));
      for (const upload of found) {
        if (!paused.includes(upload)) await this.resumeOne(upload).catch(this.reporter(upload));
      }
      // The oldest come first, and these would keep the others from the batch.
      if (found.length === BATCH) await this.deps.repository.postpone(paused.map(({ id }) => id));
    }
  }

  /** Merges finals whose last partial completed unnoticed, and ends those that can never be merged. */
  async settleFinals(): Promise<void> {
    for (const id of await this.deps.repository.decidedFinals(BATCH)) {
      if (this.merges.size >= MERGES || !this.mayWait) return;
      await settlePending(this.deps, this.merges, id).catch((error: unknown) => this.onError(error, id));
    }
  }

  /** Ends uploads whose time is over (EXP-05): unfinished ones with their bytes, completed ones as the options say. */
  async expire(): Promise<void> {
    for (;;) {
      const overdue = await this.deps.repository.overdue(BATCH);
      const ended = await Promise.all(overdue.map((upload) => this.expireOne(upload)));
      // With nothing ended the same ones would come again.
      if (overdue.length < BATCH || !ended.includes(true)) return;
      // Nothing else here waits for the outside where a driver is synchronous and objects stay: requests go first.
      await pause();
    }
  }

  /** Frees the bytes of merged partials, and parts of completed uploads, whose removal failed or was cut short. */
  async release(): Promise<void> {
    await releasePartials(this.deps);
    await discardLeftParts(this.deps);
  }

  async forgetTombstones(): Promise<void> {
    await this.deps.repository.forgetTombstones(TOMBSTONE_MILLISECONDS);
  }

  /** Removes working bytes that no row knows. */
  async sweep(): Promise<void> {
    await this.deps.storage.sweep?.((ids) => this.deps.repository.withWorkingBytes(ids));
  }

  private async expireOne(upload: UploadRecord): Promise<boolean> {
    try {
      return await expireUpload(this.deps, upload.id);
    } catch (error) {
      this.onError(error, upload.id);
      return false;
    }
  }

  private async resumeOne(upload: UploadRecord): Promise<void> {
    if (upload.state === 'terminating') return freeUpload(this.deps, upload.id);
    const asks = this.deps.hooks.asksBeforeFinish(upload);
    if (asks && !this.mayWait) return;
    if (upload.kind === 'final') {
      // A merge may take minutes and goes on by itself; the others do not wait for it.
      if (this.merges.size < MERGES) await resumeMerge(this.deps, this.merges, upload);
      return;
    }
    const lock = await this.deps.locker.tryAcquire(upload.id, ['finishing']);
    if (!lock) return;
    const settled = underLock(lock, () => this.settle(lock));
    if (!asks) return settled;
    // Hooks may take as long as they like; the others do not wait for them.
    this.waiting++;
    this.deps.background.run(() => settled.catch(this.reporter(upload)).finally(() => this.waiting--));
  }

  /** Whether one more may have hooks to wait for. */
  private get mayWait(): boolean {
    return this.waiting + this.merges.waiting < WAITING;
  }

  /** Hooks that failed, or did not want the upload yet, have a pause. */
  private isPaused(upload: UploadRecord): boolean {
    const { hooks } = this.deps;
    return upload.state === 'finishing' && hooks.asksBeforeFinish(upload) && !hooks.isFinishDue(upload.id);
  }

  /** What hooks throw is no fault of the upload, and in the log already if it is one of theirs. */
  private reporter({ id }: UploadRecord): (error: unknown) => void {
    return (error) => {
      if (!this.deps.hooks.isVerdict(error)) this.onError(error, id);
    };
  }

  private async settle(lock: Lock): Promise<void> {
    if (!(await settleFinishing(this.deps, lock))) await lock.release();
  }
}
