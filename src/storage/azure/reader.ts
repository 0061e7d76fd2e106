import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { AzureApi, BlobState } from './azure.api.js';
import type { Keys } from './keys.js';
import { MARKER, writerOf } from './marker.js';

/**
 * A stream of the blob of a complete upload.
 * @throws StorageError of kind `missing` if it is gone, or another one is there
 */
export async function readBlob(
  { api, keys }: { readonly api: AzureApi; readonly keys: Keys },
  upload: StoredUpload,
  range?: ByteRange,
): Promise<Readable> {
  const blob = await api.get(keys.object(upload), range);
  try {
    checkBlob(blob, upload);
  } catch (error) {
    blob.body.destroy();
    throw error;
  }
  return blob.body;
}

/** @throws StorageError of kind `missing` if this is not the blob of a complete upload */
export function checkBlob(blob: BlobState, upload: StoredUpload): void {
  // An application may have copied it without its metadata: then the size has to do.
  const ours = blob.metadata[MARKER] === undefined || writerOf(blob, upload) !== undefined;
  if (ours && blob.length === (upload.length ?? upload.offset)) return;
  throw new StorageError('missing', `Another blob has the key ${upload.key ?? upload.id}.`);
}
