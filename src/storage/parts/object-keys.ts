import { StorageError } from '../../model/errors/storage.error.js';
import { isUploadId } from '../../model/upload-id.js';
import type { StoredUpload } from '../upload-storage.js';

/** Below the prefix, the place of everything that is not a finished object. */
const WORK_FOLDER = '.tus/';

/** Names of objects, below a prefix. */
export abstract class ObjectKeys {
  /** What the names of all unfinished objects begin with. */
  readonly work: string;

  /** @param prefix - stands before every name; empty, or ends with what separates it, mostly "/" */
  constructor(protected readonly prefix: string) {
    this.work = prefix + WORK_FOLDER;
  }

  /** What this store, besides all others, does not take in a key: "is too long". */
  protected abstract problemOf(key: string): string | undefined;

  /** @throws StorageError of kind `conflict` for a key that the store cannot hold, or that tools would trip over. */
  check(key: string): void {
    const problem = problemOfText(key) ?? this.problemOf(key);
    if (problem) throw new StorageError('conflict', `The key ${shown(key)} ${problem}.`);
  }

  /** The object that a complete upload is: of a partial one that nobody else reads. */
  object({ id, key }: Pick<StoredUpload, 'id' | 'key'>): string {
    if (key === null) return this.workOf(id);
    this.check(key);
    return this.prefix + key;
  }

  /** What the names of an upload's unfinished objects begin with. No folder: some stores would keep an empty one. */
  protected workOf(id: string): string {
    if (!isUploadId(id)) throw new StorageError('conflict', `The id ${shown(id)} cannot name an object.`);
    return this.work + id;
  }
}

/** docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, cloud.google.com/storage/docs/objects#naming */
const MAX_BYTES_IN_BUCKET = 1024;

/** What neither Amazon S3 nor Google Cloud Storage takes, or what tools for them trip over. */
export function problemInBucket(prefix: string, key: string): string | undefined {
  if (Buffer.byteLength(prefix + key) > MAX_BYTES_IN_BUCKET) {
    return `is, with the prefix, longer than ${MAX_BYTES_IN_BUCKET} bytes`;
  }
  const dots = key.split('/').some((segment) => segment === '.' || segment === '..');
  return dots ? 'has a part "." or ".."' : undefined;
}

function problemOfText(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (Buffer.from(key).toString() !== key) return 'is not well-formed Unicode';
  // Lists of objects are XML 1.0, which has no place for these; nor have tools.
  if (/[\p{Cc}\uFFFE\uFFFF]/u.test(key)) return 'has a control character, or one that XML cannot hold';
  if (key.startsWith(WORK_FOLDER)) return `is inside "${WORK_FOLDER}", which belongs to the storage`;
  if (key.split('/').includes('')) return 'has an empty part before, between or after "/"';
  return undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
