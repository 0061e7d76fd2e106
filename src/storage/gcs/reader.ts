import { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { GcsApi } from './gcs.api.js';
import type { Keys } from './keys.js';
import { MARKER, markerOf } from './object-settings.js';
import { taken } from './objects.js';

/**
 * A stream of the object of a complete upload.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function readObject(
  { api, keys }: { readonly api: GcsApi; readonly keys: Keys },
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const total = upload.length ?? upload.offset;
  const name = keys.object(upload);
  const object = await api.find(name);
  if (!object) throw new StorageError('missing', `There is no object ${name} any more.`);
  // An application may have copied the object without its metadata: then the size has to do.
  const marker = object.metadata[MARKER] ?? markerOf(upload);
  if (object.length !== total || marker !== markerOf(upload))
    throw new StorageError('missing', taken(upload, name).message);
  // An answer without a body is over before anybody can listen to it.
  if (total === 0) return Readable.from([]);
  return api.read(object, range && { start: range.start, end: Math.min(range.end, total - 1) });
}
