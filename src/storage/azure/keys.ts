import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { isUploadId } from '../../model/upload-id.js';
import { problemOfText, shown, WORK_FOLDER } from '../parts/key-rules.js';
import type { StoredUpload } from '../upload-storage.js';

/** learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const MAX_KEY_LENGTH = 1024;
const MAX_SEGMENTS = 254;

/** Names of blobs in the container. */
export class Keys {
  private readonly work: string;

  /** @param prefix - stands before every name; empty, or ends with what separates it, mostly "/" */
  constructor(private readonly prefix: string) {
    this.work = prefix + WORK_FOLDER;
  }

  /** @throws StorageError of kind `conflict` for a key that Azure cannot hold as it is. */
  check(key: string): void {
    const problem = problemOf(key, this.prefix);
    if (problem) throw new StorageError('conflict', `The key ${shown(key)} ${problem}.`);
  }

  /** The blob that a complete upload is: of a partial one that nobody else reads. */
  object({ id, key }: Pick<StoredUpload, 'id' | 'key'>): string {
    if (key === null) return this.workOf(id);
    this.check(key);
    return this.prefix + key;
  }

  /** The blob of a tail. */
  tail(id: string, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
    return `${this.workOf(id)}.${epoch}-${number}`;
  }

  /** A name that never has a blob. */
  nothing(): string {
    return `${this.work}.nothing`;
  }

  private workOf(id: string): string {
    if (!isUploadId(id)) throw new StorageError('conflict', `The id ${shown(id)} cannot name a blob.`);
    return this.work + id;
  }
}

function problemOf(key: string, prefix: string): string | undefined {
  if (key === '') return 'is empty';
  if ((prefix + key).length > MAX_KEY_LENGTH) {
    return `is, with the prefix, longer than ${MAX_KEY_LENGTH} characters`;
  }
  const problem = problemOfText(key);
  if (problem) return problem;
  // It is a slash in a URL.
  if (key.includes('\\')) return 'has a "\\", which Azure takes for a "/"';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty part before, between or after "/"';
  if (segments.some((segment) => segment.endsWith('.'))) return 'has a part that ends with "."';
  if ((prefix + key).split('/').length > MAX_SEGMENTS) return `has more than ${MAX_SEGMENTS} parts`;
  return undefined;
}
