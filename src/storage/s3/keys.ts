import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { isUploadId } from '../../model/upload-id.js';
import { problemOfText, shown, WORK_FOLDER } from '../parts/key-rules.js';
import type { StoredUpload } from '../upload-storage.js';

/** docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/** Names of objects in the bucket. */
export class Keys {
  private readonly work: string;

  /** @param prefix - stands before every name; empty, or ends with what separates it, mostly "/" */
  constructor(private readonly prefix: string) {
    this.work = prefix + WORK_FOLDER;
  }

  /** @throws StorageError of kind `conflict` for a key that S3, or one of its compatibles, cannot hold as it is. */
  check(key: string): void {
    const problem = problemOf(key, this.prefix);
    if (problem) throw new StorageError('conflict', `The key ${shown(key)} ${problem}.`);
  }

  /** The object that a complete upload is: of a partial one that nobody else reads. */
  object({ id, key }: Pick<StoredUpload, 'id' | 'key'>): string {
    if (key === null) return this.workOf(id);
    this.check(key);
    return this.prefix + key;
  }

  /** The object of a tail: beside that of a partial, for stores on file systems have no folder where an object is. */
  tail(id: string, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
    return `${this.workOf(id)}.${epoch}-${number}`;
  }

  private workOf(id: string): string {
    if (!isUploadId(id)) throw new StorageError('conflict', `The id ${shown(id)} cannot name an object.`);
    return this.work + id;
  }
}

/** What names the source of a copy: each segment encoded, the slashes not. */
export function copySource(bucket: string, key: string): string {
  return [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
}

function problemOf(key: string, prefix: string): string | undefined {
  if (key === '') return 'is empty';
  if (Buffer.byteLength(prefix + key) > MAX_KEY_BYTES) {
    return `is, with the prefix, longer than ${MAX_KEY_BYTES} bytes`;
  }
  const problem = problemOfText(key);
  if (problem) return problem;
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty part before, between or after "/"';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a part "." or ".."';
  return undefined;
}
