import { constants } from 'node:fs';
import { StorageError } from '../../model/errors/storage.error.js';
import type { AppendContext, AppendResult, StoredUpload } from '../upload-storage.js';
import { BlockWriter } from './block-writer.js';
import type { FileCalls } from './file-calls.js';
import { files } from './files.js';
import type { OpenFile } from './files.js';
import type { LocalSync } from './options.js';
import { addSegment, formatSegments, lastSegment, parseSegments } from './segments.js';
import type { Segment, Segments } from './segments.js';
import type { Failures } from './failures.js';
import { created, unless } from './storage-failure.js';
import { checkSize, checkStored } from './working-files.js';
import type { WorkingFiles } from './working-files.js';

export interface AppenderDeps {
  readonly work: WorkingFiles;
  readonly failures: Failures;
  readonly calls: FileCalls;
  readonly sync: LocalSync;
}

export interface AppendedFile extends Omit<AppendResult, 'finish'> {
  /**
   * The upload as it is now, if every byte of it is stored in one file, as safe as completion would make it, and nothing
   * else: completion need not look at them again.
   */
  readonly secured?: StoredUpload;
}

interface OpenSegment {
  readonly start: number;
  readonly handle: OpenFile;
  /** Bytes that were in it when it was opened; those beyond the row's offset count as nothing. */
  readonly found: number;
  /** Each write waits for the disk. */
  readonly durable: boolean;
  readonly writer: BlockWriter;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_DSYNC } = constants;
/** A new file whose writes wait for the disk. Elsewhere the flag is unknown, or leaves bytes in the drive (macOS). */
const DURABLE = process.platform === 'linux' ? O_WRONLY | O_CREAT | O_EXCL | O_DSYNC : undefined;

/** Writes the batches of a body into the last segment of an upload, or into a new one. */
export class Appender {
  constructor(private readonly deps: AppenderDeps) {}

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendedFile> {
    const told = { offset: upload.offset };
    let { reference } = upload;
    try {
      const secured = await this.write(upload, body, {
        fenced: context.fenced,
        signal: context.signal,
        record: async (place) => {
          await context.record(place);
          reference = place;
        },
        progress: (offset) => {
          told.offset = offset;
          context.progress(offset);
        },
        release: (batch) => context.release(batch),
      });
      return { ...told, ...(secured && { secured: { ...upload, ...told, reference } }) };
    } catch (error) {
      const failure = await this.deps.failures.of(error, `the working file of upload ${upload.id}`);
      if (failure instanceof StorageError) return { ...told, failure };
      throw failure;
    }
  }

  /** Resolves with whether all of the upload is safe in one file that holds nothing else. */
  private async write(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<boolean> {
    const segments = parseSegments(upload.reference);
    const fenced = context.fenced && lastSegment(segments).epoch !== upload.epoch;
    let file: OpenSegment | undefined;
    try {
      for await (const batch of body) {
        // A body that is told to stop hands over what it has gathered: one batch more is taken, then no other.
        const last = context.signal.aborted;
        if (batch.some((buffer) => buffer.length > 0)) {
          file ??= fenced
            ? await this.openNew(upload, segments, context)
            : await this.openLast(upload, segments, this.endsIt(upload, batch));
          await this.writeBatch(file, batch, context);
        }
        if (last) break;
      }
      // The fence has to hold for the next writer too, to whom this one will have stopped in order.
      if (fenced && !file) await context.record(formatSegments(addSegment(segments, newSegment(upload))));
      return file !== undefined && (await this.secure(upload, file));
    } finally {
      await file?.handle.close();
    }
  }

  /** The file is open still, which completion would have to open again. */
  private async secure(
    { length }: StoredUpload,
    { start, found, durable, handle, writer }: OpenSegment,
  ): Promise<boolean> {
    const whole = start === 0 && writer.position === length && found <= length;
    if (whole && !durable && this.deps.sync === 'completion') await this.deps.calls.datasync(handle);
    return whole;
  }

  /** Whether one write, which then may as well wait for the disk, is all that the upload still needs. */
  private endsIt({ offset, length }: StoredUpload, batch: readonly Buffer[]): boolean {
    if (this.deps.sync !== 'completion') return false;
    return length === batch.reduce((sum, buffer) => sum + buffer.length, offset);
  }

  private async writeBatch(
    file: OpenSegment,
    batch: readonly Buffer[],
    context: AppendContext,
  ): Promise<void> {
    const before = file.writer.position;
    const failure = await file.writer.write(batch).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    // A disk that was full half way holds the first half: it counts.
    if (file.writer.position > before) {
      if (this.deps.sync === 'append') await this.deps.calls.datasync(file.handle);
      context.progress(file.start + file.writer.position);
    }
    if (failure) throw failure.error;
    context.release(batch);
  }

  private async openLast(upload: StoredUpload, segments: Segments, durable: boolean): Promise<OpenSegment> {
    const segment = lastSegment(segments);
    const stored = upload.offset - segment.start;
    if (stored < 0) throw new StorageError('missing', 'The upload stands before its last segment.');
    // Bytes that were acknowledged are never made up: only an empty segment may be created.
    const fresh =
      stored === 0 ? await unless(['EEXIST'], this.openFresh(upload, segment, durable)) : undefined;
    return fresh ?? this.openExisting(upload, segment, stored);
  }

  private async openExisting(upload: StoredUpload, segment: Segment, stored: number): Promise<OpenSegment> {
    const handle = await files.open(this.deps.work.segment(upload.id, segment.epoch), 'r+');
    try {
      const { size } = await handle.stat();
      checkSize(size, stored);
      return this.opened(upload, segment, { handle, found: size, durable: false });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private async openNew(
    upload: StoredUpload,
    segments: Segments,
    context: AppendContext,
  ): Promise<OpenSegment> {
    const segment = newSegment(upload);
    // First of all: whatever fails after it, the fence holds for the next writer.
    await context.record(formatSegments(addSegment(segments, segment)));
    // After a power loss the files of the predecessor may be shorter than what was acknowledged.
    await checkStored(this.deps.work.ranges(upload.id, segments, { start: 0, length: upload.offset }));
    return this.openFresh(upload, segment, false);
  }

  private async openFresh(upload: StoredUpload, segment: Segment, durable: boolean): Promise<OpenSegment> {
    const flags = durable && DURABLE !== undefined ? DURABLE : 'wx';
    const handle = await created(files.open(this.deps.work.segment(upload.id, segment.epoch), flags));
    return this.opened(upload, segment, { handle, found: 0, durable: flags === DURABLE });
  }

  private opened(
    upload: StoredUpload,
    { start }: Segment,
    { handle, ...how }: Pick<OpenSegment, 'handle' | 'found' | 'durable'>,
  ): OpenSegment {
    const { calls } = this.deps;
    const writer = new BlockWriter({ calls, handle, position: upload.offset - start });
    return { start, handle, writer, ...how };
  }
}

function newSegment(upload: StoredUpload): Segment {
  return { epoch: upload.epoch, start: upload.offset };
}
