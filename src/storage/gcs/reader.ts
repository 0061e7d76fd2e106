import { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { GcsApi, GcsObject } from './gcs.api.js';
import type { Keys } from './keys.js';
import { isStill, taken } from './objects.js';

export interface ReaderDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
}

/**
 * The object of a complete upload, as it is now.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function objectOf({ api, keys }: ReaderDeps, upload: StoredUpload): Promise<GcsObject> {
  const name = keys.object(upload);
  const object = await api.find(name);
  if (!object) throw new StorageError('missing', `There is no object ${name} any more.`);
  if (isStill(upload, object)) return object;
  throw new StorageError('missing', taken(upload, name).message);
}

/** A stream of the object of a complete upload. @throws as `objectOf` */
export async function readObject(
  deps: ReaderDeps,
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const object = await objectOf(deps, upload);
  const total = object.length;
  // An answer without a body is over before anybody can listen to it.
  if (total === 0) return Readable.from([]);
  return deps.api.read(object, range && { start: range.start, end: Math.min(range.end, total - 1) });
}
