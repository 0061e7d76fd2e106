import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { Keys } from './keys.js';
import { MARKER, mayBeOf } from './marker.js';
import type { S3Api } from './s3.api.js';

/**
 * A stream of the object of a complete upload.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function readObject(
  { api, keys }: { readonly api: S3Api; readonly keys: Keys },
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const total = upload.length ?? upload.offset;
  const key = keys.object(upload);
  const { body, length, metadata } = await api.get(key, { range });
  const wanted = range ? Math.min(range.end + 1, total) - range.start : total;
  if (length === wanted && mayBeOf(upload, metadata[MARKER])) return body;
  body.destroy();
  throw new StorageError('missing', `Another object has the key ${upload.key ?? key}.`);
}
