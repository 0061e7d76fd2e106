import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import type { AppendContext, StoredUpload } from '../upload-storage.js';
import { Changes } from './changes.js';
import { GatheredPart } from './gathered-part.js';
import { PartLog } from './part-log.js';
import type { PartMemory } from './part-memory.js';
import { PartNumbers, supersededTails } from './part-numbers.js';
import type { PartRules } from './part-rules.js';
import type { LastPart, PartBytes, PartTarget } from './part-target.js';
import { partEndingAt, partsReaching, partsUpTo } from './parts-up-to.js';
import { recordAnyway } from './record-anyway.js';

/** Milliseconds that calls under way have once the writer is asked to let go. Who asks waits 5 seconds. */
const LAST_CALLS_MILLISECONDS = 3_000;

export interface PartWriterDeps {
  readonly target: PartTarget;
  readonly rules: PartRules;
  readonly memory: PartMemory;
}

export interface PartsInput {
  readonly body: AsyncIterable<readonly Buffer[]>;
  readonly context: AppendContext;
}

export interface PartsResult {
  /** As in `AppendResult`; the length of the upload where there is a `last`. */
  readonly offset: number;
  readonly failure?: StorageError;
  /** Where the body ended the upload. It has to be freed. */
  readonly last?: LastPart;
}

/**
 * Appends a body as parts: several are stored at a time, each counts once all before it are on record. What is too
 * small for a part at the end becomes a tail, unless the upload ends there. Never throws.
 */
export async function writeParts(
  deps: PartWriterDeps,
  upload: StoredUpload,
  { body, context }: PartsInput,
): Promise<PartsResult> {
  return new PartWriter(deps, upload, context).write(body);
}

class PartWriter {
  private readonly changes = new Changes();
  private readonly log: PartLog;
  private failure: StorageError | undefined;
  /** What was on record at the beginning, as far as it matters here. */
  private list: readonly Part[] = [];
  /** Behind the parts that counted at the beginning. */
  private base = 0;
  /** Parts that were stored since, in order. */
  private counted: Part[] = [];
  /** The remainder of the append before, until a part takes it up. */
  private tail: Part | undefined;
  private numbers = new PartNumbers([], 0);
  /** A silent writer may still use numbers: the first one that is used here has to be on record before. */
  private fenceDue: boolean;
  private gathered: GatheredPart | undefined;
  /** Where the next part begins. */
  private start = 0;
  private offset: number;
  /** A tail that is stored and not on record as such: no offset covers it. */
  private unrecorded: Part | undefined;
  /** Whether this body has filled a part already. */
  private fast = false;
  /** Calls of the store that are under way. */
  private calls = 0;
  /** Ends the calls under way. */
  private readonly giveUp = new AbortController();

  constructor(
    private readonly deps: PartWriterDeps,
    private readonly upload: StoredUpload,
    private readonly context: AppendContext,
  ) {
    this.offset = upload.offset;
    this.fenceDue = context.fenced;
    this.log = new PartLog({
      parts: upload.parts,
      changes: this.changes,
      closed: () => this.stopped,
      recorded: (part) => this.recorded(part),
      failed: (error) => this.fail(error),
    });
    this.endCallsAfter(context.signal);
  }

  async write(body: AsyncIterable<readonly Buffer[]>): Promise<PartsResult> {
    try {
      await this.open();
      await this.read(body);
      await this.end();
    } catch (error) {
      this.fail(error);
    }
    while (this.calls > 0 || this.log.running) await this.changes.next();
    // Whoever has taken the lease may have cleaned up already: then nobody else knows of it.
    if (this.unrecorded) await this.deps.target.removeTail(this.unrecorded).catch(() => undefined);
    const last = await this.last().catch((error: unknown) => this.fail(error));
    if (last) return { offset: this.position, last };
    await this.gathered?.free();
    if (this.lost) return { offset: this.offset };
    await this.announceUnused();
    return { offset: this.offset, ...(this.failure && { failure: this.failure }) };
  }

  /** A call that hangs must not keep the upload from who asks for it. */
  private endCallsAfter(signal: AbortSignal): void {
    const letGo = () => void setTimeout(() => this.giveUp.abort(), LAST_CALLS_MILLISECONDS).unref();
    if (signal.aborted) letGo();
    else signal.addEventListener('abort', letGo, { once: true });
  }

  /** Of what is read nobody needs the rest: unlike what is sent, it need not have ended. */
  private unlessGivenUp<T>(reading: Promise<T>): Promise<T> {
    const { signal } = this.giveUp;
    return new Promise((resolve, reject) => {
      const end = () => reject(new StorageError('unavailable', 'A tail was not read in time.'));
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      reading.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
    });
  }

  /** Behind the last byte that is stored or gathered. */
  private get position(): number {
    return this.gathered ? this.gathered.start + this.gathered.filled : this.start;
  }

  private get whole(): boolean {
    return this.position === this.upload.length;
  }

  /** The lease is gone: not even what is stored may be recorded. */
  private get lost(): boolean {
    return this.context.signal.aborted && this.context.signal.reason === 'lost';
  }

  private get stopped(): boolean {
    return this.failure !== undefined || this.lost;
  }

  private async open(): Promise<void> {
    const { upload, deps } = this;
    // Nobody was there before the first writer.
    if (upload.epoch > 1) this.list = await this.withoutUncounted(await upload.parts.list(upload.offset));
    const end = upload.offset > 0 ? partEndingAt(this.list, upload.offset) : undefined;
    this.tail = end?.tail ? end : undefined;
    this.base = this.tail?.start ?? upload.offset;
    this.start = this.base;
    this.numbers = new PartNumbers(this.list, this.context.fenced ? deps.rules.inFlight : 0);
    void this.removeTails(supersededTails(this.list, this.tail));
  }

  /**
   * Parts beyond the offset did not verify, or nobody was told of them: once this append has begun to move the offset,
   * or the upload is `finishing`, no walk may take them for its bytes. Their numbers stay on record.
   */
  private async withoutUncounted(list: readonly Part[]): Promise<readonly Part[]> {
    const { offset, parts } = this.upload;
    const uncounted = list
      .filter(({ start, length, tag }) => tag !== null && start + length > offset)
      .map((part) => ({ ...part, tag: null }));
    if (uncounted.length === 0) return list;
    await parts.record(uncounted);
    const numbers = new Set(uncounted.map(({ number }) => number));
    return [...list.filter(({ number }) => !numbers.has(number)), ...uncounted];
  }

  /** What fails stays on record, and is tried again by the next append or by the clean-up. */
  private async removeTails(tails: readonly Part[]): Promise<void> {
    const { target } = this.deps;
    const removed = await Promise.allSettled(tails.map(async (tail) => target.removeTail(tail)));
    const gone = tails.filter((_, index) => removed[index]?.status === 'fulfilled');
    if (gone.length === 0) return;
    await this.upload.parts.forget(gone.map(({ number }) => number)).catch(() => undefined);
  }

  private async read(body: AsyncIterable<readonly Buffer[]>): Promise<void> {
    for await (const batch of body) {
      // A body that is told to stop hands over what it has gathered: one batch more is taken, then no other.
      const last = this.context.signal.aborted;
      await this.take(batch.filter((buffer) => buffer.length > 0));
      if (this.stopped) break;
      this.context.release(batch);
      if (last) break;
    }
  }

  private async take(batch: readonly Buffer[]): Promise<void> {
    let rest = batch;
    while (rest.length > 0 && !this.stopped && !this.whole) {
      const gathered = this.gathered ?? (await this.begin());
      rest = await gathered.add(rest);
      // The last part is kept: it may be the whole upload, or what verifies only now.
      if (gathered.full && !this.whole) await this.put(gathered);
    }
  }

  /** The next part; the first one takes up the tail. */
  private async begin(): Promise<GatheredPart> {
    const { start, tail, upload } = this;
    const wanted = Math.max(this.partSize(), (tail?.length ?? 0) + 1);
    const size = upload.length === null ? wanted : Math.min(wanted, upload.length - start);
    const gathered = new GatheredPart(
      { memory: this.deps.memory, patience: () => this.patience() },
      { start, size, fills: this.fast ? 'likely' : 'perhaps' },
    );
    this.gathered = gathered;
    if (tail) await this.takeUp(tail, gathered);
    this.tail = undefined;
    return gathered;
  }

  private partSize(): number {
    const { rules } = this.deps;
    const begins = this.list.find(({ start, tag, tail }) => start === 0 && tag !== null && !tail);
    const first = begins ?? this.counted[0] ?? this.log.open[0];
    if (rules.equal && first) return first.length;
    return rules.sizeOf(this.upload, { start: this.start, number: this.numbers.comingPart });
  }

  private async takeUp(tail: Part, gathered: GatheredPart): Promise<void> {
    const stream = await this.unlessGivenUp(this.deps.target.readTail(tail));
    try {
      const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await this.unlessGivenUp(chunks.next());
        if (done) break;
        await gathered.add([value]);
      }
    } finally {
      stream.destroy();
    }
    if (gathered.filled === tail.length) return;
    throw new StorageError('unavailable', `Of a tail of ${tail.length} bytes ${gathered.filled} came.`);
  }

  /** Memory of this upload comes back when a part of it is stored; that of others may never. */
  private async patience(): Promise<boolean> {
    if (this.calls === 0) return false;
    await this.changes.next();
    return true;
  }

  /** Sends a part on its way, once there are few enough. */
  private async put(gathered: GatheredPart): Promise<void> {
    const { rules, target } = this.deps;
    while (!this.stopped && this.log.open.length >= rules.inFlight) await this.changes.next();
    if (this.stopped) return;
    const part = this.named(gathered, false);
    await this.fence(part);
    this.gathered = undefined;
    this.start = gathered.start + gathered.filled;
    this.fast = true;
    void this.store(part, gathered, (bytes) => target.put(bytes));
  }

  private named({ start, filled: length }: GatheredPart, tail: boolean): Part {
    const number = tail ? this.numbers.nextTail() : this.numbers.nextPart();
    if (!tail && number > this.deps.rules.mostParts) {
      const most = this.deps.rules.mostParts;
      throw new StorageError('full', `The upload needs more than the ${most} parts that the store allows.`);
    }
    return { number, epoch: this.upload.epoch, start, length, tag: null, tail };
  }

  /**
   * With the first number on record the next writer keeps clear of this one and of the silent one. That is said with
   * the reference, so that it need not do so as well after this one has stopped in order.
   */
  private async fence(part: Part): Promise<void> {
    if (!this.fenceDue) return;
    await this.log.announce(part);
    this.fenceDue = false;
    if (this.upload.reference !== null) await this.context.record(this.upload.reference);
  }

  /** Never rejects. */
  private async store(
    part: Part,
    gathered: GatheredPart,
    send: (bytes: PartBytes) => Promise<string>,
  ): Promise<void> {
    this.calls++;
    const logged = this.log.add(part);
    try {
      const { signal } = this.giveUp;
      this.log.stored(logged, await send({ ...bytesOf(part, gathered), signal }));
    } catch (error) {
      this.fail(error);
    }
    await gathered.free();
    this.calls--;
    this.changes.wake();
  }

  private recorded(part: Part): void {
    if (part.tail) this.unrecorded = undefined;
    else this.counted.push(part);
    this.offset = part.start + part.length;
    this.context.progress(this.offset);
  }

  /** What is left when the body has stopped becomes a part if it is large enough, else a tail. */
  private async end(): Promise<void> {
    const { gathered } = this;
    if (this.stopped || this.whole || !gathered || this.position === this.upload.offset) return;
    if (this.deps.rules.allows(gathered.filled, this.numbers.comingPart)) return this.put(gathered);
    const tail = this.named(gathered, true);
    await this.log.announce(tail);
    this.gathered = undefined;
    await this.store(tail, gathered, async (bytes) => {
      const tag = await this.deps.target.putTail(bytes);
      this.unrecorded = tail;
      return tag;
    });
  }

  /** The end of the upload, once all before it is on record. */
  private async last(): Promise<LastPart | undefined> {
    const ends = this.whole || (this.tail && this.upload.offset === this.upload.length);
    if (this.stopped || !ends) return undefined;
    const before = await this.before();
    const gathered = this.gathered ?? (this.tail && (await this.begin()));
    const part = gathered && this.named(gathered, false);
    if (part) await this.fence(part);
    return {
      parts: [...before, ...this.counted],
      bytes: part && bytesOf(part, gathered),
      free: async () => gathered?.free(),
    };
  }

  /** The parts of the appends before. Of an upload that had few all are known. */
  private async before(): Promise<readonly Part[]> {
    return partsReaching(this.list, this.base) ?? partsUpTo(await this.upload.parts.list(), this.base);
  }

  /** A put that failed may still arrive: its number is not given again, and the clean-up knows of it. */
  private async announceUnused(): Promise<void> {
    const unused = this.log.open;
    if (unused.length > 0) await recordAnyway(this.upload, unused, () => this.lost);
  }

  private fail(error: unknown): undefined {
    this.failure ??=
      error instanceof StorageError
        ? error
        : new StorageError('unavailable', 'The parts of an upload could not be stored.', { cause: error });
    this.changes.wake();
  }
}

function bytesOf(part: Part, gathered: GatheredPart): PartBytes {
  const { number, epoch, start, length } = part;
  return { number, epoch, start, length, body: gathered.body() };
}
