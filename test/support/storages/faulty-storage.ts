import { EventEmitter, once } from 'node:events';
import type { Readable } from 'node:stream';
import type { AppendContext, AppendResult, ByteRange, ConcatSource } from '../../../src/index.js';
import type {
  NewStoredUpload,
  StorageError,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../../../src/index.js';

type Fault = StorageError | undefined;

/** A storage that fails or waits where a test says so. */
export class FaultyStorage implements UploadStorage {
  readonly homeDirectory?: string;
  readonly partialsLeaveWork?: boolean;
  readonly readUnfinished?: NonNullable<UploadStorage['readUnfinished']>;
  readonly sweep?: NonNullable<UploadStorage['sweep']>;
  /** An append stores only this prefix of its body before it fails. */
  appendFault: { readonly after: number; readonly failure: StorageError } | undefined;
  concatenateFault: Fault;
  removeFault: Fault;
  /** What the next read gives instead of the bytes. */
  readFault: (() => Readable | Promise<Readable>) | undefined;
  /** Every stream that a read gave. */
  readonly streams: Readable[] = [];
  /** Merges wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** Where each upload stands once all that its writer has handed over is durable. */
  private readonly reached = new Map<string, number>();
  private readonly handedOver = new EventEmitter();

  constructor(private readonly inner: UploadStorage) {
    if (inner.homeDirectory !== undefined) this.homeDirectory = inner.homeDirectory;
    if (inner.partialsLeaveWork !== undefined) this.partialsLeaveWork = inner.partialsLeaveWork;
    if (inner.readUnfinished) this.readUnfinished = inner.readUnfinished.bind(inner);
    if (inner.sweep) this.sweep = inner.sweep.bind(inner);
  }

  /** Resolves when a writer has handed over the bytes of an upload up to there, durable or not. */
  async has(id: string, offset: number): Promise<void> {
    while ((this.reached.get(id) ?? 0) < offset) await once(this.handedOver, 'batch');
  }

  async start(): Promise<void> {
    await this.inner.start?.();
  }

  checkKey(key: string): void {
    this.inner.checkKey(key);
  }

  check(upload: NewStoredUpload): void {
    this.inner.check?.(upload);
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const watched = this.watched(upload, body);
    const fault = this.appendFault;
    if (!fault) return this.inner.append(upload, watched, context);
    this.appendFault = undefined;
    const { offset, finish } = await this.inner.append(upload, firstBytes(watched, fault.after), context);
    finish?.discard();
    return { offset, failure: fault.failure };
  }

  complete(upload: StoredUpload): ReturnType<UploadStorage['complete']> {
    return this.inner.complete(upload);
  }

  async concatenate(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    context: WriteContext,
  ): Promise<void> {
    // Who is asked to stop does not wait for a test.
    if (!context.signal.aborted) await Promise.race([this.gate, once(context.signal, 'abort')]);
    const fault = this.concatenateFault;
    this.concatenateFault = undefined;
    if (fault) throw fault;
    await this.inner.concatenate(final, sources, context);
  }

  discardWork(upload: StoredUpload): Promise<void> {
    return this.inner.discardWork(upload);
  }

  async read(upload: StoredUpload, range?: ByteRange): Promise<Readable> {
    const fault = this.readFault;
    this.readFault = undefined;
    const stream = await (fault ? fault() : this.inner.read(upload, range));
    this.streams.push(stream);
    return stream;
  }

  async remove(upload: StoredUpload, published: boolean): Promise<void> {
    const fault = this.removeFault;
    this.removeFault = undefined;
    if (fault) throw fault;
    await this.inner.remove(upload, published);
  }

  private async *watched(
    { id, offset }: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
  ): AsyncGenerator<readonly Buffer[]> {
    let reached = offset;
    for await (const batch of body) {
      reached += batch.reduce((sum, { length }) => sum + length, 0);
      this.reached.set(id, reached);
      this.handedOver.emit('batch');
      yield batch;
    }
  }
}

async function* firstBytes(
  body: AsyncIterable<readonly Buffer[]>,
  bytes: number,
): AsyncGenerator<readonly Buffer[]> {
  for await (const batch of body) {
    yield [Buffer.concat(batch).subarray(0, bytes)];
    return;
  }
}
