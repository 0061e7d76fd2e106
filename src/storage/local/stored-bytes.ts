import { StorageError } from '../../model/errors/storage.error.js';
import type { StoredUpload } from '../upload-storage.js';
import { objectPath } from './keys.js';
import { parseSegments } from './segments.js';
import type { FileRange, WorkingFiles } from './working-files.js';

/** Where the bytes of complete uploads are: a partial's in its segments, any other's in the published object. */
export class StoredBytes {
  constructor(private readonly deps: { readonly directory: string; readonly work: WorkingFiles }) {}

  ranges(upload: StoredUpload, start: number, length: number): FileRange[] {
    if (upload.kind === 'partial') {
      return this.deps.work.ranges(upload.id, parseSegments(upload.reference), { start, length });
    }
    return [{ path: this.objectPath(upload), position: start, length }];
  }

  /** @throws StorageError of kind `conflict` for an upload without a key that a path can be made of. */
  objectPath(upload: StoredUpload): string {
    if (upload.key === null) throw new StorageError('conflict', `The upload ${upload.id} has no key.`);
    return objectPath(this.deps.directory, upload.key);
  }
}

/** Total bytes of an upload whose bytes are all there. */
export function totalOf(upload: StoredUpload): number {
  return upload.length ?? upload.offset;
}
