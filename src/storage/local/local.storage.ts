import { constants } from 'node:fs';
import { access, mkdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type {
  AppendContext,
  AppendResult,
  ByteRange,
  ConcatSource,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../upload-storage.js';
import { Appender } from './append-file.js';
import { Completer } from './complete.js';
import { Failures } from './failures.js';
import { nodeFileCalls } from './file-calls.js';
import type { FileCalls } from './file-calls.js';
import { checkKey, HOME_FOLDER, objectPath } from './keys.js';
import { Merger } from './merge.js';
import { checkOptions } from './options.js';
import type { LocalStorageOptions } from './options.js';
import { Publisher } from './publish.js';
import { readFiles } from './read-files.js';
import { parseSegments } from './segments.js';
import { errorCode, unless } from './storage-failure.js';
import { StoredBytes, totalOf } from './stored-bytes.js';
import { sweep } from './sweep.js';
import { WorkingFiles } from './working-files.js';

/**
 * Keeps uploads as files of one folder. Bytes gather in `<directory>/.tus/work` and appear under their key, by a hard
 * link, when they are complete.
 */
export class LocalStorage implements UploadStorage {
  /** The folder inside `directory` that belongs to the storage. */
  readonly homeDirectory: string;

  private readonly directory: string;
  private readonly work: WorkingFiles;
  private readonly failures: Failures;
  private readonly stored: StoredBytes;
  private readonly appender: Appender;
  private readonly merger: Merger;
  private readonly publisher: Publisher;
  private readonly completer: Completer;

  /** @throws TusOptionError that names the option at fault. */
  constructor(options: LocalStorageOptions);
  /** @internal Tests give calls that fail. */
  constructor(options: LocalStorageOptions, calls: FileCalls);
  constructor(options: LocalStorageOptions, calls: FileCalls = nodeFileCalls) {
    checkOptions(options);
    const sync = options.sync ?? 'completion';
    const directory = resolve(options.directory);
    this.directory = directory;
    this.homeDirectory = join(directory, HOME_FOLDER);
    const work = new WorkingFiles(join(this.homeDirectory, 'work'));
    const stored = new StoredBytes({ directory, work });
    const publisher = new Publisher({ work, calls });
    this.work = work;
    this.failures = new Failures(work.folder);
    this.stored = stored;
    this.publisher = publisher;
    this.appender = new Appender({ work, failures: this.failures, calls, sync });
    this.merger = new Merger({ work, stored, calls });
    this.completer = new Completer({ directory, work, stored, publisher, calls, sync });
  }

  /** @throws Error that names the option `directory` if the folder cannot be used. */
  async start(): Promise<void> {
    try {
      await mkdir(this.directory, { recursive: true });
      // Unfinished bytes are nobody else's business.
      await mkdir(this.work.folder, { recursive: true, mode: 0o700 });
      await access(this.directory, constants.W_OK | constants.X_OK);
      await access(this.work.folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new Error(
        `LocalStorage: the option "directory" is ${this.directory}, which cannot be used (${errorCode(error)}). ` +
          'Name a folder that this process may create, read and write.',
        { cause: error },
      );
    }
  }

  /** The absolute path of a published object. @throws StorageError of kind `conflict` for a bad key. */
  pathOf(key: string): string {
    return objectPath(this.directory, key);
  }

  checkKey(key: string): void {
    checkKey(key);
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const { secured, ...result } = await this.appender.append(upload, body, context);
    if (!secured) return result;
    return { ...result, finish: { complete: () => this.finish(secured, true), discard: () => undefined } };
  }

  complete(upload: StoredUpload): Promise<void> {
    return this.finish(upload, false);
  }

  concatenate(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void> {
    return this.failures.guarded(`a source of final ${final.id}`, () =>
      this.merger.merge(final, sources, context),
    );
  }

  discardWork(upload: StoredUpload): Promise<void> {
    return this.failures.guarded(`a working file of upload ${upload.id}`, () =>
      this.work.discardPublished(upload),
    );
  }

  read(upload: StoredUpload, range?: ByteRange): Promise<Readable> {
    const start = range?.start ?? 0;
    const end = Math.min(range ? range.end + 1 : Infinity, totalOf(upload));
    return this.failures.guarded(`the file of upload ${upload.id}`, () =>
      readFiles(this.stored.ranges(upload, start, Math.max(0, end - start))),
    );
  }

  readUnfinished(upload: StoredUpload, { start, end }: ByteRange): Promise<Readable> {
    return this.failures.guarded(`the working file of upload ${upload.id}`, () =>
      readFiles(
        this.work.ranges(upload.id, parseSegments(upload.reference), { start, length: end - start + 1 }),
      ),
    );
  }

  remove(upload: StoredUpload, published: boolean): Promise<void> {
    return this.failures.guarded(`a file of upload ${upload.id}`, async () => {
      if (upload.key !== null) {
        const target = this.pathOf(upload.key);
        // An upload that was never complete may stand beside a foreign object under its key.
        if (published) await unless(['ENOENT', 'ENOTDIR'], unlink(target));
        else await this.publisher.withdraw({ upload, target });
      }
      // Last: by the working files a second call tells whose the object is.
      await this.work.discard(upload);
    });
  }

  sweep(known: (ids: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number> {
    return this.failures.guarded('the working folder', () => sweep(this.work.folder, known));
  }

  private finish(upload: StoredUpload, secured: boolean): Promise<void> {
    return this.failures.guarded(`the file of upload ${upload.id}`, () =>
      this.completer.complete(upload, secured),
    );
  }
}
