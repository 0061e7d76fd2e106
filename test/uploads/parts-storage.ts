import { Readable } from 'node:stream';
import { StorageError } from '../../src/index.js';
import type {
  AppendContext,
  AppendResult,
  ByteRange,
  ConcatSource,
  Part,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../../src/index.js';

/**
 * A store of objects in memory that cannot read unfinished bytes back: each batch is a part, put on record before it
 * counts, but for the last one of an upload, which is at hand until the upload is finished.
 */
export class PartsStorage implements UploadStorage {
  readonly objects = new Map<string, Buffer>();
  /** What was called besides `append`, in order. */
  readonly calls: string[] = [];
  /** Between a part and its record. */
  onPart: (() => Promise<void>) | undefined;
  onAppended: ((upload: StoredUpload) => Promise<void>) | undefined;
  /** Comes with what the append returns. */
  appendFault: StorageError | undefined;
  onFinish: ((upload: StoredUpload) => Promise<void>) | undefined;
  discardFault: StorageError | undefined;
  partialsLeaveWork = false;

  constructor(readonly homeDirectory: string) {}

  checkKey(): void {
    // Every key is as good as any other.
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    await this.disown(upload);
    let offset = upload.offset;
    let last: Buffer | undefined;
    for await (const batch of body) {
      const bytes = Buffer.concat(batch);
      if (offset + bytes.length === upload.length) last = bytes;
      else context.progress((offset = await this.putPart(upload, offset, bytes)));
    }
    await this.onAppended?.(upload);
    const failure = this.appendFault && { failure: this.appendFault };
    if (!last) return { offset, ...failure };
    return { offset: offset + last.length, finish: this.finishOf(upload, last), ...failure };
  }

  async complete(upload: StoredUpload): Promise<void> {
    this.calls.push('complete');
    if (!this.objects.has(nameOf(upload))) this.publish(upload, await this.partsOf(upload));
  }

  async concatenate(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    _context: WriteContext,
  ): Promise<void> {
    const bytes = sources.map(({ upload, start, length }) =>
      this.stored(upload).subarray(start, start + length),
    );
    await this.putPart(final, 0, Buffer.concat(bytes));
  }

  async discardWork(upload: StoredUpload): Promise<void> {
    this.calls.push('discardWork');
    if (this.discardFault) throw this.discardFault;
    for (const { number } of await upload.parts.list()) this.objects.delete(partOf(upload, number));
    await upload.parts.forget();
  }

  async read(upload: StoredUpload, range?: ByteRange): Promise<Readable> {
    return Readable.from([this.stored(upload).subarray(range?.start, range && range.end + 1)]);
  }

  async remove(upload: StoredUpload): Promise<void> {
    await this.discardWork(upload);
    this.objects.delete(nameOf(upload));
  }

  private finishOf(upload: StoredUpload, last: Buffer) {
    return {
      complete: async () => {
        this.calls.push('finish.complete');
        await this.onFinish?.(upload);
        const stored = await this.partsOf(upload);
        this.publish(upload, [...stored, last]);
      },
      discard: () => void this.calls.push('finish.discard'),
    };
  }

  /** What lies behind the offset never verified, or was never told: completion must not take it for the end. */
  private async disown({ offset, parts }: StoredUpload): Promise<void> {
    const stale = (await parts.list()).filter(({ start }) => start >= offset);
    if (stale.length > 0) await parts.record(stale.map((part) => ({ ...part, tag: null })));
  }

  private async putPart(upload: StoredUpload, start: number, bytes: Buffer): Promise<number> {
    const number = 1 + Math.max(0, ...(await upload.parts.list()).map((part) => part.number));
    const part: Part = {
      number,
      epoch: upload.epoch,
      start,
      length: bytes.length,
      tag: `tag-${number}`,
      tail: false,
    };
    this.objects.set(partOf(upload, number), bytes);
    await this.onPart?.();
    await upload.parts.record([part]);
    return start + bytes.length;
  }

  private async partsOf(upload: StoredUpload): Promise<Buffer[]> {
    const parts = await upload.parts.list();
    const pieces: Buffer[] = [];
    for (let at = 0; ;) {
      // Of those that begin here the newest: others never verified, or nobody was told of them.
      const part = parts.findLast(({ start, tag }) => start === at && tag !== null);
      const bytes = part && this.objects.get(partOf(upload, part.number));
      if (!bytes || at >= upload.offset) return pieces;
      pieces.push(bytes);
      at += bytes.length;
    }
  }

  private publish(upload: StoredUpload, pieces: readonly Buffer[]): void {
    const whole = Buffer.concat(pieces);
    if (whole.length !== upload.length) throw new StorageError('missing', 'not all bytes are stored');
    this.objects.set(nameOf(upload), whole);
  }

  private stored(upload: StoredUpload): Buffer {
    const bytes = this.objects.get(nameOf(upload));
    if (!bytes) throw new StorageError('missing', 'there is no such object');
    return bytes;
  }
}

function nameOf({ id, key }: StoredUpload): string {
  return key ?? `partial ${id}`;
}

function partOf({ id }: StoredUpload, number: number): string {
  return `part ${number} of ${id}`;
}
