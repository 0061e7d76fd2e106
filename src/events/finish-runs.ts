import type { FinishAnswer } from '../model/finish-answer.js';
import { UploadRefusedError } from '../model/errors/upload-refused.error.js';
import { answerTo, statusOf } from './hook-verdict.js';
import type { FinishContext, FinishedUpload, OnUploadFinish } from './hooks.js';
import type { NamedHook } from './named-hook.js';

/** After a failure maintenance waits this long before it asks again, and each time twice as long. */
const FIRST_PAUSE_MILLISECONDS = 10_000;
const LONGEST_PAUSE_MILLISECONDS = 600_000;
/** What nobody has asked about for so long has ended elsewhere. */
const FORGET_MILLISECONDS = 3_600_000;

/** Statuses of 4xx by which nobody means that the upload is bad. */
const PASSING = [408, 423, 425, 429];

export type FinishVerdict =
  | { readonly accepted: true; readonly answer: FinishAnswer | undefined }
  | { readonly accepted: false; readonly error: unknown; readonly keep: boolean };

interface Run {
  /** What the hooks that have returned had to say: they are not asked again. */
  readonly answers: Map<NamedHook<OnUploadFinish>, FinishAnswer | void>;
  asking: Promise<FinishVerdict> | undefined;
  failures: number;
  notBefore: number;
  touched: number;
}

export interface FailedFinish {
  /** The name of the provider. */
  readonly name: string;
  readonly uploadId: string;
  readonly keep: boolean;
}

export interface FinishRunsDeps {
  /** Told of a hook that failed, also by a status of 5xx, as opposed to one that refused. */
  readonly onError: (error: unknown, failed: FailedFinish) => void;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Asks the hooks that stand between an upload's last byte and its completion, one after the other. Who asks while they
 * are being asked joins; what they said is kept until the completion is on record, so that a statement that failed does
 * not ask them again. A crash does: then the row still says `finishing`.
 */
export class FinishRuns {
  private readonly runs = new Map<string, Run>();
  private readonly verdicts = new WeakSet<object>();
  private readonly now: () => number;

  constructor(private readonly deps: FinishRunsDeps) {
    this.now = deps.now ?? (() => performance.now());
  }

  /** Whether maintenance should ask by now. A client that asks is not kept waiting. */
  isDue(id: string): boolean {
    const run = this.runs.get(id);
    return !run || (!run.asking && run.notBefore <= this.now());
  }

  ask(
    hooks: readonly NamedHook<OnUploadFinish>[],
    upload: FinishedUpload,
    context: FinishContext,
  ): Promise<FinishVerdict> {
    const run = this.runOf(upload.id);
    run.asking ??= this.askEach(run, hooks, [upload, context]).finally(() => (run.asking = undefined));
    return run.asking;
  }

  /** Whether all of them have returned for the upload. */
  haveAgreed(hooks: readonly NamedHook<OnUploadFinish>[], id: string): boolean {
    const answers = this.runs.get(id)?.answers;
    return answers !== undefined && hooks.every((named) => answers.has(named));
  }

  /** Whether a hook threw it. */
  isVerdict(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.verdicts.has(error);
  }

  /** The upload has ended, one way or another. */
  forget(id: string): void {
    this.runs.delete(id);
  }

  private runOf(id: string): Run {
    const now = this.now();
    for (const [other, { touched, asking }] of this.runs) {
      if (now - touched < FORGET_MILLISECONDS) break;
      if (!asking) this.runs.delete(other);
    }
    const run = this.runs.get(id) ?? {
      answers: new Map(),
      asking: undefined,
      failures: 0,
      notBefore: 0,
      touched: now,
    };
    run.touched = now;
    // The ones that nobody has asked about for the longest time come first.
    this.runs.delete(id);
    this.runs.set(id, run);
    return run;
  }

  private async askEach(
    run: Run,
    hooks: readonly NamedHook<OnUploadFinish>[],
    [upload, context]: [FinishedUpload, FinishContext],
  ): Promise<FinishVerdict> {
    for (const named of hooks) {
      if (run.answers.has(named)) continue;
      try {
        run.answers.set(named, await named.hook.onUploadFinish(upload, context));
      } catch (thrown) {
        const error = answerTo(thrown, `OnUploadFinish of ${named.name}`);
        if (typeof error === 'object' && error !== null) this.verdicts.add(error);
        const { status, keep } = refusalOf(error);
        const failed = { name: named.name, uploadId: upload.id, keep };
        if (status === undefined || status >= 500) this.deps.onError(error, failed);
        if (keep) this.pause(run);
        return { accepted: false, error, keep };
      }
    }
    return { accepted: true, answer: merged([...run.answers.values()]) };
  }

  private pause(run: Run): void {
    const pause = FIRST_PAUSE_MILLISECONDS * 2 ** run.failures++;
    run.notBefore = this.now() + Math.min(pause, LONGEST_PAUSE_MILLISECONDS);
  }
}

/** Later hooks win. */
function merged(answers: readonly (FinishAnswer | void)[]): FinishAnswer | undefined {
  const given = answers.filter((answer) => typeof answer === 'object' && answer !== null);
  if (given.length === 0) return undefined;
  const headers = Object.assign({}, ...given.map((answer) => answer.headers)) as Record<string, string>;
  return { ...Object.assign({}, ...given), headers } as FinishAnswer;
}

/** A status says that the hook has decided; without one it failed. */
function refusalOf(error: unknown): { readonly status: number | undefined; readonly keep: boolean } {
  const status = statusOf(error);
  if (error instanceof UploadRefusedError) return { status, keep: error.keep };
  const bad = status !== undefined && status >= 400 && status < 500 && !PASSING.includes(status);
  return { status, keep: !bad };
}
