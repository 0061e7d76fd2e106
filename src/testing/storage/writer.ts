import assert from 'node:assert/strict';
import { LeaseLostError } from '../../locks/lease-lost.error.js';
import type {
  AppendContext,
  AppendResult,
  ConcatSource,
  Finish,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../../storage/upload-storage.js';
import { SentBody } from './bodies.js';
import type { Body } from './bodies.js';
import type { Row } from './row.js';

/** Whoever has, or had, the right to write to an upload: does with a storage what the upload service does with it. */
export class Writer {
  /** The highest offset that the storage has told. */
  told: number;
  readonly breaches: string[] = [];
  private readonly epoch: number;
  private readonly letGo = new AbortController();
  private readonly fenced: boolean;
  private fenceStands: boolean;
  private readonly offset: number;
  private reference: string | null;

  /** Takes the right to write, whether or not the holder before has given it back. */
  constructor(
    private readonly row: Row,
    private readonly storage: UploadStorage,
  ) {
    this.fenced = row.abandoned;
    this.fenceStands = this.fenced;
    row.abandoned = true;
    this.epoch = ++row.epoch;
    this.offset = row.offset;
    this.told = row.offset;
    this.reference = row.reference;
  }

  /** The upload as this holder knows it. */
  get upload(): StoredUpload {
    const { row, offset, reference, epoch } = this;
    return { ...row.view, offset, reference, epoch, parts: row.parts.of(row, epoch) };
  }

  whole(length: number): StoredUpload {
    return { ...this.upload, offset: length, length };
  }

  /** Asks to stop at the next whole step, or says that the right to write is lost. */
  ask(reason: 'append' | 'terminate' | 'lost'): void {
    this.letGo.abort(reason);
  }

  /** Appends and records nothing. */
  async append(sent: Buffer | Body, length = this.row.length): Promise<AppendResult> {
    const body = Buffer.isBuffer(sent) ? new SentBody(sent) : sent;
    const result = await this.storage.append({ ...this.upload, length }, body, this.contextOf(body));
    const { offset, finish } = result;
    assert.ok(offset >= this.told, `The result is ${offset} after ${this.told} was told.`);
    assert.ok(offset <= this.offset + body.handed, `The result is ${offset}, beyond what was handed over.`);
    if (finish) assert.equal(offset, length, 'What is at hand has to end the upload.');
    return result;
  }

  /** Appends, records where that got, and gives the right to write back; completes an upload that is whole. */
  async receive(sent: Buffer | Body, length = this.row.length): Promise<void> {
    const { offset, failure, finish } = await this.append(sent, length);
    if (failure) throw failure;
    if (offset === length) await this.complete(length, finish);
    else this.release({ offset, length });
  }

  /** Completes, records it, and clears up. */
  async complete(length: number, finish?: Finish): Promise<void> {
    const completed = await (finish ? finish.complete() : this.storage.complete(this.whole(length)));
    this.recordCompletion(length);
    if (completed) this.row.reference = completed.reference;
    const leavesWork = this.row.kind !== 'partial' || this.storage.partialsLeaveWork;
    if (leavesWork) await this.storage.discardWork(this.row.view);
  }

  recordCompletion(length: number): void {
    this.release({ offset: length, length });
    this.row.complete = true;
  }

  async concatenate(sources: readonly ConcatSource[]): Promise<void> {
    await this.storage.concatenate(this.upload, sources, this.context);
  }

  /** Concatenates, completes, and clears up. */
  async merge(sources: readonly ConcatSource[]): Promise<void> {
    await this.concatenate(sources);
    await this.complete(this.row.length ?? 0);
  }

  /** Gives the right to write back, in order. */
  release({ offset = this.row.offset, length = this.row.length } = {}): void {
    this.hold();
    Object.assign(this.row, { offset, length, abandoned: this.fenceStands });
  }

  /** Its process is gone, or hangs: what it told last may be what a client knows. */
  crash(): void {
    this.hold();
    // An upload that has all its bytes shows them only when it is complete.
    if (this.told !== this.row.length) this.row.offset = this.told;
  }

  private get context(): WriteContext {
    return {
      fenced: this.fenced,
      signal: this.letGo.signal,
      record: (reference) =>
        this.row.statements.run(() => {
          this.hold();
          this.reference = reference;
          this.row.reference = reference;
          this.fenceStands = false;
        }),
    };
  }

  private contextOf(body: Body): AppendContext {
    return {
      ...this.context,
      progress: (offset) => {
        if (offset < this.told) this.breaches.push(`${offset} was told after ${this.told}.`);
        if (offset > this.offset + body.handed) this.breaches.push(`${offset} was told before it came.`);
        this.told = offset;
      },
      release: (batch) => {
        // Who reads them once more finds other bytes.
        if (batch === body.newest) for (const chunk of batch) chunk.fill(0);
      },
    };
  }

  private hold(): void {
    if (this.row.epoch === this.epoch) return;
    this.ask('lost');
    throw new LeaseLostError(this.row.id);
  }
}
