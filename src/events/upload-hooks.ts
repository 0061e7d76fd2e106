import type { RequestContext } from '../model/request-context.js';
import type { Upload } from '../model/upload.js';
import { toUpload } from '../repository/to-upload.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { changedProposal } from './changed-proposal.js';
import { FinishRuns } from './finish-runs.js';
import type { FinishVerdict } from './finish-runs.js';
import type { BoundHook, HookLists, HookName } from './hook-lists.js';
import { asked } from './hook-verdict.js';
import type { FinishContext, FinishedUpload, UploadProposal } from './hooks.js';
import { ProgressCalls } from './progress-calls.js';
import { ProgressThrottle } from './progress-throttle.js';
import type { UploadEvent, UploadEventType } from './upload-event.js';
import type { UploadEvents } from './upload-events.js';

export interface UploadHooksDeps {
  readonly events: UploadEvents;
  /** Milliseconds between two progress events of one upload. */
  readonly progressInterval: number;
  /** Asked once, before anything is asked of them or told. @throws Error while they cannot be known */
  readonly findHooks: () => HookLists;
  /** Told of a hook that failed. */
  readonly onError: (error: unknown, failed: FailedHook) => void;
}

/** Which hook failed, and for which upload. */
export interface FailedHook {
  readonly method: HookName;
  /** The name of the provider. */
  readonly name: string;
  readonly uploadId: string;
  /** What becomes of an upload that was about to be complete: whether it stays, and is asked for again. */
  readonly keep?: boolean;
}

type Told = 'onUploadTerminated' | 'onUploadExpire' | 'onUploadProgress';

/** Where the uploads room tells what happens, and asks whether it may. Without hooks and listeners nothing is done. */
export class UploadHooks {
  private known: HookLists | undefined;
  private readonly progress: ProgressThrottle;
  private progressCalls = new Map<unknown, ProgressCalls>();
  private readonly finishing: FinishRuns;
  /** Of hooks that are told, as long as they run. */
  private readonly calls = new Set<Promise<void>>();

  constructor(private readonly deps: UploadHooksDeps) {
    this.progress = new ProgressThrottle({
      interval: deps.progressInterval,
      report: (record) => this.tellProgress(record),
    });
    this.finishing = new FinishRuns({
      onError: (error, failed) => deps.onError(error, { method: 'onUploadFinish', ...failed }),
    });
  }

  /** Takes these, instead of what would be found. */
  use(lists: HookLists): HookLists {
    this.progressCalls = new Map(lists.onUploadProgress.map((named) => [named, new ProgressCalls()]));
    return (this.known = lists);
  }

  /** Asks before an upload is made, and says what is to be made. @throws what a hook throws; HookFailedError */
  async create(given: UploadProposal, context: RequestContext | undefined): Promise<UploadProposal> {
    let proposal = Object.freeze(given);
    for (const { hook, name } of this.for('onUploadCreate', given)) {
      // Each sees what those before it have made of it.
      const about = proposal;
      const changes = await asked(`OnUploadCreate of ${name}`, () => hook.onUploadCreate(about, context));
      if (changes) proposal = changedProposal(proposal, changes);
    }
    return proposal;
  }

  /** Whether anybody has to be asked before an upload is complete. */
  asksBeforeFinish({ kind }: Pick<UploadRecord, 'kind'>): boolean {
    return kind !== 'partial' && this.lists.onUploadFinish.length > 0;
  }

  /** Asks before the upload is complete; it has all its bytes. Never rejects. */
  finish(record: UploadRecord, context: FinishContext): Promise<FinishVerdict> {
    // A final and an ordinary upload have a key, and by now a length.
    return this.finishing.ask(this.lists.onUploadFinish, toUpload(record) as FinishedUpload, context);
  }

  /** Whether all that had to be asked have agreed, and the completion is not on record yet. */
  agreedToFinish(record: UploadRecord): boolean {
    return this.asksBeforeFinish(record) && this.finishing.haveAgreed(this.lists.onUploadFinish, record.id);
  }

  /** Whether it comes from a hook that was asked before the completion: who has to know of it knows. */
  isVerdict(error: unknown): boolean {
    return this.finishing.isVerdict(error);
  }

  /** Whether maintenance should ask again by now. */
  isFinishDue(id: string): boolean {
    return this.finishing.isDue(id);
  }

  /** Asks before an upload is deleted. @throws what a hook throws; HookFailedError */
  async terminate(record: UploadRecord, context: RequestContext | undefined): Promise<void> {
    for (const { hook, name } of this.for('onUploadTerminate', record)) {
      const ask = () => hook.onUploadTerminate(toUpload(record), context);
      await asked(`OnUploadTerminate of ${name}`, ask);
    }
  }

  created(record: UploadRecord): void {
    this.announce('created', record);
  }

  /** Whether anybody wants to know how far uploads are. */
  get wantsProgress(): boolean {
    return this.lists.onUploadProgress.length > 0 || this.deps.events.wants('progress');
  }

  progressed(record: UploadRecord): void {
    if (this.wantsProgress) this.progress.advance(record);
  }

  completed(record: UploadRecord): void {
    this.finishing.forget(record.id);
    // No bytes of clients go to a final.
    this.progress.end(record.id, this.wantsProgress && record.kind !== 'final' ? record : undefined);
    this.announce('completed', record);
  }

  terminated(record: UploadRecord): void {
    this.ended(record);
    this.announce('terminated', record);
    this.tell('onUploadTerminated', record);
  }

  expired(record: UploadRecord): void {
    this.ended(record);
    this.announce('expired', record);
    this.tell('onUploadExpire', record);
  }

  failed(record: UploadRecord, reason: unknown): void {
    this.ended(record);
    const sentence = reason instanceof Error ? reason.message : String(reason);
    this.announce('failed', { ...record, state: 'failed' }, { reason: sentence });
  }

  /** Tells what is held back, and resolves when no hook that is told of something runs any more. */
  async settle(): Promise<void> {
    this.progress.close();
    while (this.calls.size > 0) await Promise.all(this.calls);
  }

  /** Ends the streams. */
  close(): void {
    this.deps.events.close();
  }

  private get lists(): HookLists {
    return this.known ?? this.use(this.deps.findHooks());
  }

  private ended({ id }: UploadRecord): void {
    this.finishing.forget(id);
    this.progress.end(id);
  }

  private tellProgress(record: UploadRecord): void {
    this.announce('progress', record);
    this.tell('onUploadProgress', record);
  }

  private announce(
    type: UploadEventType,
    record: UploadRecord,
    more: { readonly reason?: string } = {},
  ): void {
    const { events } = this.deps;
    if (events.wants(type))
      events.announce({ type, upload: toUpload(record), ...more } as UploadEvent<Upload>);
  }

  private tell(method: Told, record: UploadRecord): void {
    const hooks = this.for(method, record);
    if (hooks.length === 0) return;
    const upload = toUpload(record);
    for (const named of hooks) {
      const call = this.call(named, { method, upload }).finally(() => this.calls.delete(call));
      this.calls.add(call);
    }
  }

  /** Never rejects. */
  private async call(
    named: BoundHook<Told>,
    { method, upload }: { method: Told; upload: Upload },
  ): Promise<void> {
    const call = async (about: Upload): Promise<void> => {
      try {
        await named.hook[method](about);
      } catch (error) {
        this.deps.onError(error, { method, name: named.name, uploadId: about.id });
      }
    };
    await (this.progressCalls.get(named)?.run(upload, call) ?? call(upload));
  }

  private for<Name extends HookName>(
    name: Name,
    { kind }: Pick<UploadRecord, 'kind'>,
  ): readonly BoundHook<Name>[] {
    const hooks: readonly BoundHook<Name>[] = this.lists[name];
    return kind === 'partial' ? hooks.filter(({ includePartials }) => includePartials) : hooks;
  }
}
