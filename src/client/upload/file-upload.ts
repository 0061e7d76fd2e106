import { setMaxListeners } from 'node:events';
import { basename } from 'node:path';
import { TusClientOptionError } from '../errors/client-option.error.js';
import { UploadInterruptedError } from '../errors/interrupted.error.js';
import { UploadSourceError } from '../errors/source.error.js';
import { VerificationError } from '../errors/verification.error.js';
import { fileTypeOf } from '../file-type.js';
import { LinkedAbort } from '../http/linked-abort.js';
import type { UploadedFile, UploadFileOptions } from '../options.js';
import { FilePart } from '../source/file-part.js';
import type { LocalFile } from '../source/local-file.js';
import { inTime } from '../store/in-time.js';
import { fingerprintOf, MemoryOfUpload } from '../store/memory-of-upload.js';
import type { Connection } from './connection.js';
import { awaitMerge, requestFinal } from './final-upload.js';
import { ProgressMeter } from './progress-meter.js';
import { runPart, type PartOutcome } from './run-part.js';
import { split, type Range } from './split.js';
import { verifyUpload } from './verify-upload.js';

/** Bytes of a PATCH where it has to be kept in memory. */
export const HELD_CHUNK = 4 * 1024 * 1024;
/** Bytes of chunks of all ranges together that are kept in memory, to be read once. */
const CHUNK_MEMORY = 32 * 1024 * 1024;
/** Bytes of a chunk in memory, however many ranges there are: as much as a range needs to read at all. */
const LEAST_CHUNK = 256 * 1024;

export interface FileUploadDeps {
  readonly connection: Connection;
  readonly file: LocalFile;
  readonly options: UploadFileOptions;
  /** Whether the whole file becomes a partial upload. */
  readonly partial: boolean;
  /** @throws TusUnsupportedError */
  readonly demand: (needs: { readonly concatenation: boolean }) => Promise<void>;
}

/** One upload of a file, or of the rest of it. */
export class FileUpload {
  private readonly failing: LinkedAbort;
  private readonly signal: AbortSignal;

  constructor(private readonly deps: FileUploadDeps) {
    this.failing = new LinkedAbort(deps.options.signal);
    this.signal = this.failing.signal;
    // Each range listens; Node would take more than ten for a leak, and say so on standard error.
    setMaxListeners(0, this.signal);
  }

  async run(): Promise<UploadedFile> {
    let memory: MemoryOfUpload | undefined;
    try {
      memory = await inTime(this.remember(), this.signal);
      return await this.upload(memory);
    } catch (error) {
      return await this.fail(error, memory);
    } finally {
      this.failing.release();
    }
  }

  private async upload(memory: MemoryOfUpload): Promise<UploadedFile> {
    const { options, file, connection } = this.deps;
    options.signal?.throwIfAborted();
    const ranges = split(file.size, memory.urls.length);
    await this.check(ranges);
    const meter = new ProgressMeter(
      ranges.map(({ start, end }) => end - start),
      (progress) => options.onProgress?.(progress),
    );
    const whole = await (ranges.length > 1
      ? this.parallel(ranges, memory, meter)
      : this.part(ranges, memory, meter, 0));
    if (whole.offset === file.size) {
      if (options.verify) await verifyUpload(connection, { file, url: whole.url, signal: this.signal });
      await inTime(memory.forget(), this.signal);
    }
    meter.finish();
    return { ...whole, size: file.size, resumed: memory.resumed };
  }

  private async remember(): Promise<MemoryOfUpload> {
    const { options, file, connection, partial } = this.deps;
    const { endpoint } = connection;
    // A range of no bytes is a request for nothing.
    const count = Math.max(1, Math.min(options.parallelUploads ?? 1, file.size));
    const kind = partial ? 'partial' : 'file';
    return MemoryOfUpload.begin(
      options.urlStore,
      {
        fingerprint: fingerprintOf(kind, endpoint, file.path),
        version: file.version,
        ...{ endpoint, path: file.path, size: file.size },
        metadata: partial ? {} : named(file.path, options.metadata),
        urls: Array.from({ length: count }, () => null),
      },
      (error) => options.onWarning?.(`This upload cannot be resumed: ${messageOf(error)}.`),
    );
  }

  private async check(ranges: readonly Range[]): Promise<void> {
    const { options, partial, demand } = this.deps;
    if (options.stopAt !== undefined && ranges.length > 1) {
      throw new TusClientOptionError(
        'stopAt',
        options.stopAt,
        `leave it out: an upload of this file in ${ranges.length} ranges has begun`,
      );
    }
    await demand({ concatenation: partial || ranges.length > 1 });
  }

  /** Uploads the ranges, and has them merged. Who asks again has looked whether all of them are still there (CLI-05). */
  private async parallel(
    ranges: readonly Range[],
    memory: MemoryOfUpload,
    meter: ProgressMeter,
  ): Promise<PartOutcome> {
    const { connection, file, options } = this.deps;
    return connection.requester.retry(this.signal, async () => {
      const parts = await this.parts(ranges, memory, meter);
      await file.checkUnchanged();
      const request = {
        connection,
        urls: parts.map(({ url }) => url),
        metadata: memory.metadata,
        mergeTimeout: options.mergeTimeout,
        signal: this.signal,
      };
      const { url, size, offset, answer } = await awaitMerge(await requestFinal(request), request);
      if (size !== null && size !== file.size) {
        throw new VerificationError(`The server has merged ${size} bytes instead of ${file.size}.`, true);
      }
      return { url, offset: offset ?? file.size, answer };
    });
  }

  /** All at once; the first that fails stops the others. */
  private async parts(
    ranges: readonly Range[],
    memory: MemoryOfUpload,
    meter: ProgressMeter,
  ): Promise<PartOutcome[]> {
    const running = ranges.map((_range, index) => this.part(ranges, memory, meter, index));
    try {
      return await Promise.all(running);
    } catch (error) {
      // Nothing is tried again after this: each range has had its own tries.
      this.failing.abort(error);
      await Promise.allSettled(running);
      throw error;
    }
  }

  private part(
    ranges: readonly Range[],
    memory: MemoryOfUpload,
    meter: ProgressMeter,
    index: number,
  ): Promise<PartOutcome> {
    const { connection, file, options, partial } = this.deps;
    const { start, end } = ranges[index] ?? { start: 0, end: file.size };
    const inRanges = ranges.length > 1;
    const memoryOfChunk = Math.max(LEAST_CHUNK, Math.floor(CHUNK_MEMORY / ranges.length));
    const heldChunk = Math.min(HELD_CHUNK, memoryOfChunk);
    const { checksum, stopAt, chunkSize = checksum ? heldChunk : Infinity } = options;
    const part = { file, start, end, stopAt, checksum, memory: memoryOfChunk };
    return runPart({
      connection,
      source: (onStop) => new FilePart({ ...part, onStop }),
      size: end - start,
      metadata: inRanges ? {} : memory.metadata,
      partial: partial || inRanges,
      chunkSize,
      url: memory.urls[index] ?? null,
      onUrl: (url) => memory.remember(index, url),
      onProgress: (sent) => meter.report(index, sent),
      signal: this.signal,
    });
  }

  /** @param memory undefined while the store has not said whether there is something to resume. */
  private async fail(failure: unknown, memory: MemoryOfUpload | undefined): Promise<never> {
    const { signal } = this.deps.options;
    // What still runs for this upload ends with it.
    this.failing.abort(failure);
    // What is being written now decides whether the upload can be resumed.
    if (memory) await inTime(memory.settled(), this.signal).catch(() => undefined);
    if (signal?.aborted)
      throw new UploadInterruptedError(memory?.resumable ?? false, { cause: signal.reason });
    // A file that has changed is another one, and a damaged upload never gets right: nobody goes on with either.
    const useless =
      (failure instanceof VerificationError && failure.differs) ||
      (failure instanceof UploadSourceError && failure.changed);
    if (memory && useless) await inTime(memory.forget(), this.signal);
    throw failure;
  }
}

/** Keys keep their order, as tus-js-client sends them; what the path says stands behind them where it is missing. */
function named(path: string, metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { filename = basename(path), filetype = fileTypeOf(path) } = metadata;
  return { ...metadata, filename, filetype };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
