import { LeaseLostError } from '../locks/lease-lost.error.js';
import type { Lock } from '../locks/locker.js';
import { underLock } from '../locks/under-lock.js';
import { StorageError } from '../model/errors/storage.error.js';
import type { FinishAnswer } from '../model/finish-answer.js';
import type { RequestContext } from '../model/request-context.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { PlannedPartial } from '../repository/upload-repository.js';
import type { Completed } from '../storage/upload-storage.js';
import { askToFinish } from './ask-to-finish.js';
import type { CompletedBytes } from './ask-to-finish.js';
import type { FinishCall } from './commands.js';
import { announceCompletion, completion } from './finish-upload.js';
import { failFinal } from './fail-final.js';
import { adoptionCandidate, sourcesOf } from './final-plan.js';
import { releasePartials } from './free-upload.js';
import { asStorageError, isFinal, refusalOf } from './storage-refusal.js';
import { storedUpload, wholeUpload } from './stored-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** A merge that runs in this process. */
export interface Merge {
  readonly done: Promise<UploadRecord>;
  /** Set once a client was told of the final: from then on a failure is retried instead of undone (CON-31). */
  answered: boolean;
  /** What `OnUploadFinish` has to add to the answer, once it is done. */
  readonly answer?: FinishAnswer | undefined;
}

export interface MergeStart {
  /** Whether a client was told of the final. */
  readonly answered: boolean;
  /** The request that asked for it; undefined where nobody did just now. */
  readonly context?: RequestContext | undefined;
  /** The list of a final that was planned just now need not be read again. */
  readonly list?: readonly PlannedPartial[] | undefined;
}

/** A merge as its own run sees it. */
interface Run extends MergeStart {
  answered: boolean;
  answer: FinishAnswer | undefined;
  /** The bytes are merged: what goes on is with the hooks of the application. */
  merged: boolean;
}

/**
 * The merges of this process. `merging` → stitch → `finishing` → publish → hooks → `complete`: a crash between any two is
 * taken up again from the row by whoever gets the lease, and the storage's steps can be repeated.
 */
export class Merges {
  private readonly running = new Map<string, Merge & Run>();

  constructor(private readonly deps: UploadDeps) {}

  /** How many move bytes. */
  get size(): number {
    return [...this.running.values()].filter(({ merged }) => !merged).length;
  }

  /** How many have hooks of the application to wait for, or are about to be complete. */
  get waiting(): number {
    return this.running.size - this.size;
  }

  get(finalId: string): Merge | undefined {
    return this.running.get(finalId);
  }

  start(lock: Lock, started: MergeStart): Merge {
    const { id } = lock.upload;
    const run: Run = { ...started, answer: undefined, merged: false };
    const done = underLock(lock, () => this.run(lock, run)).finally(() => this.running.delete(id));
    const merge = Object.assign(run, { done });
    this.running.set(id, merge);
    // The request may have been answered, or its client be gone: the merge goes on (CON-31).
    this.deps.background.run(() =>
      done.catch((error: unknown) => {
        // A refusal is no fault, and a failure of a hook is in the log already.
        if (!this.deps.hooks.isVerdict(error)) throw error;
      }),
    );
    return merge;
  }

  private async run(lock: Lock, run: Run): Promise<UploadRecord> {
    const { deps } = this;
    const bytes = await this.undone(lock, run, () => this.merge(lock, run));
    run.merged = true;
    const call: FinishCall = {
      ...(run.context && { context: run.context }),
      onFinish: (answer) => (run.answer = answer),
    };
    await askToFinish(deps, lock, { bytes, call, fail: (reason) => failFinal(deps, lock, reason) });
    // What hooks have agreed to is not undone for a statement that failed.
    if (deps.hooks.asksBeforeFinish(lock.upload)) run.answered = true;
    return this.undone(lock, run, () => this.complete(lock, bytes));
  }

  /** Undoes the final if a step fails and trying again cannot help, or nobody was told of it. */
  private async undone<T>(lock: Lock, run: Run, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      const failure = asStorageError(error);
      const refusal = refusalOf(failure);
      // Stopped for a shutdown or a DELETE, the row stays as it is, for whoever takes the lease next.
      if (!lock.signal.aborted && (isFinal(failure) || !run.answered))
        await failFinal(this.deps, lock, refusal);
      throw refusal;
    }
  }

  private async merge(lock: Lock, { list }: Run): Promise<CompletedBytes> {
    if (lock.upload.state !== 'finishing') await this.stitch(lock, list);
    const completed = await this.publish(lock, list);
    return { length: lock.upload.length ?? 0, ...completed };
  }

  private async stitch(lock: Lock, planned?: readonly PlannedPartial[]): Promise<void> {
    const { deps } = this;
    const { id } = lock.upload;
    const list = planned ?? (await deps.repository.partialsOf(id));
    const candidate = deps.settings.keepPartials ? undefined : adoptionCandidate(list);
    const adopted =
      candidate !== undefined && (await deps.repository.claimBytes(candidate, id)) ? candidate : undefined;
    await deps.storage.concatenate(storedUpload(deps, lock.upload), sourcesOf(deps, list, adopted), {
      fenced: lock.fenced,
      signal: lock.signal,
      record: async (reference) => void (await lock.write({ reference })),
    });
    await lock.write({ state: 'finishing' });
  }

  /**
   * What was merged may not be there, or not be what is on record. The sources are, as long as they are pinned: it is
   * merged again, once, for it may be they that are lost. A crash on the way leaves the row `finishing`, as it was.
   */
  private async publish(lock: Lock, planned?: readonly PlannedPartial[]): Promise<Completed | void> {
    const { storage } = this.deps;
    const whole = () => wholeUpload(this.deps, lock.upload, lock.upload.length ?? 0);
    try {
      return await storage.complete(whole());
    } catch (error) {
      if (!(error instanceof StorageError && error.kind === 'missing')) throw error;
      await this.stitch(lock, planned);
      return storage.complete(whole());
    }
  }

  private async complete(lock: Lock, bytes: CompletedBytes): Promise<UploadRecord> {
    const { deps } = this;
    const { id, epoch } = lock.upload;
    const release = !deps.settings.keepPartials;
    const completed = await deps.repository.completeFinal(id, epoch, completion(deps, bytes), release);
    lock.forget();
    if (!completed) throw new LeaseLostError(id);
    announceCompletion(deps, completed);
    if (release) deps.background.run(() => releasePartials(deps));
    return completed;
  }
}
