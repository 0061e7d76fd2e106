import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import type { Keys } from './keys.js';
import { isStill } from './marker.js';

/**
 * A stream of the blob of a complete upload.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function readBlob(
  { api, keys }: { readonly api: AzureApi; readonly keys: Keys },
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const name = keys.object(upload);
  const blob = await api.get(name, range);
  if (isStill(blob, upload)) return blob.body;
  blob.body.destroy();
  throw new StorageError('missing', `Another blob has the key ${upload.key ?? name}.`);
}
