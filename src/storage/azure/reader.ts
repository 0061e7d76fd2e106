import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import { MARKER, markerOf } from './blob-settings.js';
import type { Keys } from './keys.js';

/**
 * A stream of the blob of a complete upload.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function readBlob(
  { api, keys }: { readonly api: AzureApi; readonly keys: Keys },
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const total = upload.length ?? upload.offset;
  const name = keys.object(upload);
  const { body, length, metadata } = await api.get(name, range);
  const wanted = range ? Math.min(range.end + 1, total) - range.start : total;
  // An application may have copied the blob without its metadata: then the size has to do.
  const marker = metadata[MARKER] ?? markerOf(upload);
  if (length === wanted && marker === markerOf(upload)) return body;
  body.destroy();
  throw new StorageError('missing', `Another blob has the key ${upload.key ?? name}.`);
}
