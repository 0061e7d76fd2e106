import type { Readable } from 'node:stream';
import { UploadLockedError } from '../model/errors/upload-locked.error.js';
import type { RequestContext } from '../model/request-context.js';
import type { Upload } from '../model/upload.js';
import type { FailedDelivery, ListFailedDeliveries } from '../events/failed-delivery.js';
import { LeaseLostError } from '../locks/lease-lost.error.js';
import { toUpload } from '../repository/to-upload.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { ByteRange } from '../storage/upload-storage.js';
import { admitted } from './access.js';
import type { Access, UploadOperation } from './access.js';
import { appendToUpload } from './append-to-upload.js';
import type { AppendToUpload, ConcatenateUploads, CreateUpload, ListUploads } from './commands.js';
import { concatenateUploads } from './concatenate-uploads.js';
import { createUpload } from './create-upload.js';
import { isLiving, living } from './living.js';
import type { Merges } from './merges.js';
import { mergeWaiting, withKnownLength } from './pending-finals.js';
import { readStored, storedObject } from './read-upload.js';
import type { StoredObject } from './read-upload.js';
import { terminateUpload } from './terminate-upload.js';
import type { UploadDeps } from './upload-deps.js';

const PAGE = 100;

/**
 * Uploads without HTTP: the same state machine that the controller speaks to. What a caller does wrong throws an
 * `UploadError` with a stable `code`. What hooks of the application throw comes as it is; of an error of this class that
 * is no refusal it is the `cause` of a `HookFailedError`. Callers are trusted: nothing asks for the options `owner` and
 * `authorize`, unless they say with an `Access` on whose behalf they call.
 */
export class UploadService {
  constructor(
    private readonly deps: UploadDeps,
    private readonly merges: Merges,
  ) {}

  /**
   * Creates an upload, with its first bytes if there is a body.
   * @throws InvalidHeaderError, InvalidMetadataError, ForbiddenError, UploadTooLargeError, BodyTooLongError,
   * BodyInterruptedError, ChecksumMismatchError, StorageFullError, StorageUnavailableError
   */
  async create(input: CreateUpload): Promise<Upload> {
    return this.told(await this.during(held(createUpload(this.deps, input))));
  }

  /**
   * Appends bytes where the upload stands; the last byte completes it. A running writer is asked to let go first, for
   * 5 s at most. What was stored before an error stays stored.
   * @throws InvalidHeaderError, UploadNotFoundError, UploadGoneError, ForbiddenError, FinalNotWritableError, LengthConflictError, BodyTooLongError,
   * UploadTooLargeError, UploadLockedError, OffsetConflictError, BodyInterruptedError, ChecksumMismatchError,
   * StorageFullError, StorageUnavailableError
   */
  async append(id: string, input: AppendToUpload): Promise<Upload> {
    return this.told(await this.during(held(appendToUpload(this.deps, id, input))));
  }

  /**
   * Merges partials, in order, into a new upload. The same list with the same metadata gives the same final (CON-30).
   * A merge longer than `respondAfter` is returned in the state `merging` and goes on. With `concatenation-unfinished`
   * partials may be incomplete: the final is returned in the state `pending`, and merged once the last one is complete.
   * @throws InvalidHeaderError, InvalidPartialError, ForbiddenError, UploadTooLargeError, StorageFullError, StorageUnavailableError
   */
  async concatenate(input: ConcatenateUploads): Promise<Upload> {
    return toUpload(await this.during(held(concatenateUploads(this.deps, this.merges, input))));
  }

  /** The upload, or undefined if there is none, it was deleted, has expired, or can never be completed. */
  async find(id: string): Promise<Upload | undefined> {
    const record = await this.deps.repository.find(id);
    return record && isLiving(record) ? toUpload(record) : undefined;
  }

  /**
   * The upload as clients may see it. Takes no lock and never waits.
   * @param access - on whose behalf; without it everything can be seen
   * @param operation - what `access` is asked for
   * @throws UploadNotFoundError, UploadGoneError, ForbiddenError
   */
  async get(id: string, access?: Access, operation: UploadOperation = 'read'): Promise<Upload> {
    const record = await this.during(admitted(this.deps, id, { operation, access }));
    return toUpload(await this.during(withKnownLength(this.deps, record)));
  }

  /** Uploads in the order of their ids, a page at a time. A page that is not full is the last one. */
  async list({ after, limit = PAGE, ...filter }: ListUploads = {}): Promise<Upload[]> {
    const uploads: Upload[] = [];
    let last = after;
    // Tombstones stand between the others and take no place in a page.
    while (uploads.length < limit) {
      const size = limit - uploads.length;
      const cursor = last === undefined ? {} : { after: last };
      const records = await this.deps.repository.list({ ...filter, ...cursor, limit: size });
      uploads.push(...records.filter(isLiving).map(toUpload));
      last = records.at(-1)?.id;
      if (records.length < size) break;
    }
    return uploads;
  }

  /**
   * The bytes of a complete upload, or those of a range that there are.
   * @throws UploadNotFoundError (also for an incomplete one: a prefix is never given away, and where somebody has removed
   * the object), UploadGoneError, StorageUnavailableError
   */
  async read(id: string, range?: ByteRange): Promise<Readable> {
    return readStored(this.deps, living(await this.deps.repository.find(id)), range);
  }

  /**
   * A complete upload with its bytes. Takes no lock and never waits.
   * @param access - on whose behalf; without it everything can be read
   * @throws UploadNotFoundError (also for a partial, and an incomplete one), UploadGoneError, ForbiddenError
   */
  async object(id: string, access?: Access): Promise<StoredObject> {
    return storedObject(this.deps, await this.during(admitted(this.deps, id, { operation: 'read', access })));
  }

  /**
   * Deletes an upload and frees its bytes; a running writer is stopped.
   * @param access - on whose behalf; without it everything can be deleted
   * @param context - what `OnUploadTerminate` is called with
   * @throws UploadNotFoundError, UploadGoneError, ForbiddenError, UploadInUseError (an unfinished final needs it),
   * UploadLockedError
   */
  async terminate(id: string, access?: Access, context?: RequestContext): Promise<void> {
    await this.during(held(terminateUpload(this.deps, id, { access, context })));
  }

  /**
   * Deliveries to `OnUploadComplete` that were given up, because the provider threw at every attempt, or that are
   * `orphaned`: due for a minute, of a provider that this process does not have. A page at a time, also of uploads that
   * are deleted or have expired. A page that is not full is the last one.
   * @throws InvalidPageError
   */
  failedDeliveries(page: ListFailedDeliveries = {}): Promise<FailedDelivery[]> {
    return this.deps.outbox.failed(page);
  }

  /**
   * Begins deliveries that were given up once more, with all their attempts before them: to one provider, as
   * `failedDeliveries` names it, or to all. The first is made at once if the provider is in this process, else within
   * five seconds; if no process has it, the delivery is listed as `orphaned` ten seconds later.
   * @returns how many; 0 if none was given up
   */
  repeatDelivery(id: string, provider?: string): Promise<number> {
    return this.deps.outbox.repeat(id, provider);
  }

  /**
   * Ends deliveries without another call: what `failedDeliveries` lists of an upload, to one provider or to all. Without
   * a provider, and where this process has no hooks, also an event that has waited for one for a minute. The row of an
   * upload that is deleted or has expired is kept no longer.
   * @returns how many; 0 if there was none, or it is being made
   */
  dismissDelivery(id: string, provider?: string): Promise<number> {
    return this.deps.outbox.dismiss(id, provider);
  }

  private during<T>(call: Promise<T>): Promise<T> {
    return this.deps.background.during(call);
  }

  /** The answer does not wait for the finals that waited for this upload (CON-24). */
  private told(record: UploadRecord): Upload {
    if (record.pins > 0) this.deps.background.run(() => mergeWaiting(this.deps, this.merges, record));
    return toUpload(record);
  }
}

/** A lease that was lost on the way is for the client the same as one that could not be had. */
async function held<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof LeaseLostError ? new UploadLockedError() : error;
  }
}
