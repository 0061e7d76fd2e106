import { InvalidMetadataError } from '../model/errors/invalid-metadata.error.js';
import { StorageError } from '../model/errors/storage.error.js';
import type { NewStoredUpload } from '../storage/upload-storage.js';
import type { UploadDeps } from './upload-deps.js';

/**
 * Asks the storage, before anything is on record, whether the upload can be completed some day.
 * @throws InvalidMetadataError where the client's metadata may have led to what the store cannot hold, OptionResultError,
 * UploadTooLargeError (CRE-08)
 */
export function checkStorage({ storage }: Pick<UploadDeps, 'storage'>, upload: NewStoredUpload): void {
  try {
    storage.check?.(upload);
  } catch (error) {
    // Without metadata it is the application's fault alone.
    if (!(error instanceof StorageError) || upload.metadata === null) throw error;
    throw new InvalidMetadataError(`it leads to an object that the store cannot hold: ${error.message}`);
  }
}
