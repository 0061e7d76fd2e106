import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import type { StoredUpload } from '../upload-storage.js';
import type { Keys } from './keys.js';
import { MARKER, markerOf } from './marker.js';
import type { Condition, S3Api } from './s3.api.js';
import { S3Error } from './s3.error.js';

export interface PublisherDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  /** Whether an object that is there already is replaced. */
  readonly overwrite: boolean;
  /** Whether the store knows `If-None-Match` for PutObject and CompleteMultipartUpload. */
  readonly conditionalWrites: boolean;
}

/** Whose object has the name of an upload: its own and whole, another one, or there is none. */
export type Whose = 'ours' | 'foreign' | 'none';

/** Makes objects appear under their names, each once and none over another, and says whose is there. */
export class Publisher {
  constructor(private readonly deps: PublisherDeps) {}

  /**
   * Runs the request that makes the object of an upload. Whatever comes back instead of success, the object itself says
   * what has happened: answers get lost, and what the SDK sends again finds what the first try has made.
   * Resolves with the ETag that `make` was told; undefined where its answer was lost.
   * @throws StorageError of kind `conflict` if another object has the name
   */
  publish(
    upload: StoredUpload,
    make: (condition: Condition) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const publish = async () => {
      if (await this.isThere(upload)) return undefined;
      try {
        return await make(this.condition(upload));
      } catch (error) {
        if (await this.hasHappened(upload, error)) return undefined;
        throw error;
      }
    };
    // Two writers at once made Amazon refuse both: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    return tryAgain(publish, { passes: isContended });
  }

  /**
   * Succeeds if the object of an upload is there already.
   * @throws StorageError of kind `missing` if it is not, `conflict` if another one is
   */
  async expect(upload: StoredUpload): Promise<void> {
    const whose = await this.whose(upload);
    if (whose === 'ours') return;
    if (whose === 'foreign' && !this.deps.overwrite) throw taken(upload);
    throw new StorageError('missing', `Not all bytes of upload ${upload.id} are stored.`);
  }

  async whose(upload: StoredUpload): Promise<Whose> {
    const head = await this.deps.api.head(this.deps.keys.object(upload));
    if (!head) return 'none';
    const whole = upload.length === null || head.ContentLength === upload.length;
    return whole && head.Metadata?.[MARKER] === markerOf(upload) ? 'ours' : 'foreign';
  }

  private condition({ key }: StoredUpload): Condition {
    // Nobody else writes where a partial is; its object may be made again after a take-over.
    return this.deps.conditionalWrites && !this.deps.overwrite && key !== null ? { IfNoneMatch: '*' } : {};
  }

  /** Looks first where the store cannot do it itself. */
  private async isThere(upload: StoredUpload): Promise<boolean> {
    const { conditionalWrites, overwrite } = this.deps;
    if (conditionalWrites || overwrite || upload.key === null) return false;
    const whose = await this.whose(upload);
    if (whose === 'foreign') throw taken(upload);
    return whose === 'ours';
  }

  private async hasHappened(upload: StoredUpload, error: unknown): Promise<boolean> {
    const whose = await this.whose(upload).catch((cause: unknown) => {
      // Without the look nothing is final: what says that all is lost, or taken, may be the echo of a success.
      throw new StorageError('unavailable', `Whether upload ${upload.id} has its object is not known.`, {
        cause,
      });
    });
    if (whose === 'foreign' && !this.deps.overwrite && upload.key !== null) throw taken(upload, error);
    return whose === 'ours';
  }
}

function isContended(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  // A condition that failed although there is no object: it was removed meanwhile.
  return ['ConditionalRequestConflict', 'OperationAborted', 'PreconditionFailed'].includes(error.code);
}

function taken({ key }: StoredUpload, cause?: unknown): StorageError {
  return new StorageError('conflict', `Another object has the key ${key}.`, { cause });
}
