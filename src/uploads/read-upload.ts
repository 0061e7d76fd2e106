import { Readable } from 'node:stream';
import { StorageError } from '../model/errors/storage.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import type { CompletedUpload } from '../model/upload.js';
import { toCompletedUpload } from '../repository/to-upload.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { ByteRange } from '../storage/upload-storage.js';
import { asStorageError, refusalOf } from './storage-refusal.js';
import { storedUpload } from './stored-upload.js';
import type { UploadDeps } from './upload-deps.js';

/** A complete upload that is not a partial, and its bytes. */
export interface StoredObject {
  readonly upload: CompletedUpload;
  /**
   * A stream of all bytes, or of those of a range that there are. What goes wrong up to the first byte rejects; later it
   * is an `error` of the stream.
   * @throws UploadNotFoundError if somebody has removed the object, StorageUnavailableError
   */
  open(range?: ByteRange): Promise<Readable>;
}

type ReadDeps = Pick<UploadDeps, 'storage' | 'repository' | 'parts'>;

/** @throws UploadNotFoundError for a partial, and one that is not complete: a prefix is never given away (GET-02) */
export function storedObject(deps: ReadDeps, record: UploadRecord): StoredObject {
  const upload = toCompletedUpload(record);
  if (!upload || record.state !== 'complete') throw new UploadNotFoundError();
  return { upload, open: (range) => readStored(deps, record, range) };
}

/** @throws as `StoredObject.open` */
export async function readStored(deps: ReadDeps, record: UploadRecord, range?: ByteRange): Promise<Readable> {
  if (record.state !== 'complete' || record.content !== 'stored') throw new UploadNotFoundError();
  const stream = await openStored(deps, record, range);
  try {
    if (!(await isStillThere(deps, record))) throw new UploadNotFoundError();
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** A stream of an object that is there. @throws as `StoredObject.open` */
export async function openStored(deps: ReadDeps, record: UploadRecord, range?: ByteRange): Promise<Readable> {
  const within = range && { start: range.start, end: Math.min(range.end, lengthOf(record) - 1) };
  // Stores have many answers to a range without bytes, and none of them is an empty one.
  if (within && within.start > within.end) return Readable.from([]);
  try {
    return await started(await deps.storage.read(storedUpload(deps, record), within));
  } catch (error) {
    const failure = asStorageError(error);
    throw failure.kind === 'missing' ? new UploadNotFoundError() : refusalOf(failure);
  }
}

function lengthOf({ length, offset }: UploadRecord): number {
  return length ?? offset;
}

/**
 * Between the look at the row and the opening an upload may have been deleted, and its key given to another one, of
 * somebody else perhaps. A key is free only once its row says so; an id never comes twice.
 */
async function isStillThere({ repository }: ReadDeps, { id, key }: UploadRecord): Promise<boolean> {
  if (key === null || key === id) return true;
  return (await repository.find(id))?.state === 'complete';
}

/** The stream, once its first byte, or its end, is there: a remote storage may find only then that it cannot read. */
function started(stream: Readable): Promise<Readable> {
  return new Promise((resolve, reject) => {
    // Stays: an error between here and the reader, who gets to see it, too, must not end the process.
    stream.on('error', reject);
    stream.once('close', () =>
      reject(new StorageError('unavailable', 'The stream closed before its first byte.')),
    );
    stream.once('readable', () => resolve(stream));
  });
}
