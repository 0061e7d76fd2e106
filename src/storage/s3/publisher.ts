import { setTimeout as wait } from 'node:timers/promises';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import type { StoredUpload } from '../upload-storage.js';
import type { Keys } from './keys.js';
import { MARKER, writerOf } from './marker.js';
import type { Condition, S3Api } from './s3.api.js';
import { S3Error } from './s3.error.js';

/** Milliseconds between looks for an object whose multipart upload is gone: three seconds in all. */
const PAUSES = [200, 400, 800, 1_600];

export interface PublisherDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  /** Whether an object that is there already is replaced. */
  readonly overwrite: boolean;
  /** Whether the store knows `If-None-Match` for PutObject and CompleteMultipartUpload. */
  readonly conditionalWrites: boolean;
}

/** An object that an upload is to become. */
export interface Publication {
  readonly upload: StoredUpload;
  /** The newest epoch that its marker has at least: an older writer has had other bytes. */
  readonly since: number;
}

/**
 * What has the name of an upload: its own object, one that an earlier writer of it has left, which may be replaced,
 * somebody else's, or nothing.
 */
export type Found = 'made' | 'stale' | 'foreign' | 'none';

/**
 * Makes objects appear under their names, each once and none over another. The epoch in the marker says which writer
 * made an object: one that has lost its right replaces nothing of its successor, and what it has left is replaced.
 */
export class Publisher {
  constructor(private readonly deps: PublisherDeps) {}

  /**
   * Runs the request that makes the object of an upload. Whatever comes back instead of success, the object itself says
   * what has happened: answers get lost, and what the SDK sends again finds what the first try has made.
   * Resolves with the ETag of the object.
   * @throws StorageError of kind `conflict` if another object has the name
   */
  publish(
    publication: Publication,
    make: (condition: Condition) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    let condition = this.under(undefined);
    const publish = async () => {
      if (this.looksFirst(publication)) {
        const head = await this.head(publication);
        if (this.isMade(publication, head)) return head?.ETag;
        condition = this.under(head);
      }
      try {
        return await make(condition);
      } catch (error) {
        const head = await this.lookAfter(publication, error);
        if (this.isMade(publication, head, error)) return head?.ETag;
        condition = this.under(head);
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
  async expect(publication: Publication): Promise<void> {
    if (this.isMade(publication, await this.head(publication))) return;
    throw new StorageError('missing', `Not all bytes of upload ${publication.upload.id} are stored.`);
  }

  /** What has the name of an upload after a request that failed. */
  async findAfter(publication: Publication, error: unknown): Promise<Found> {
    return found(publication, await this.lookAfter(publication, error));
  }

  private head({ upload }: Publication): Promise<HeadObjectCommandOutput | undefined> {
    return this.deps.api.head(this.deps.keys.object(upload));
  }

  /** False for none, and for one that may be replaced. */
  private isMade(
    publication: Publication,
    head: HeadObjectCommandOutput | undefined,
    cause?: unknown,
  ): boolean {
    const { upload } = publication;
    const what = found(publication, head);
    // Nobody else writes where a partial is.
    if (what === 'foreign' && !this.deps.overwrite && upload.key !== null) {
      throw new StorageError('conflict', `Another object has the key ${upload.key}.`, { cause });
    }
    return what === 'made';
  }

  /** Keeps what has appeared since the look from being replaced. */
  private under(head: HeadObjectCommandOutput | undefined): Condition {
    if (!this.deps.conditionalWrites) return {};
    return head?.ETag ? { IfMatch: head.ETag } : { IfNoneMatch: '*' };
  }

  /** Where the store cannot do it itself, or has something to replace. Nobody else writes where a partial is. */
  private looksFirst({ upload }: Publication): boolean {
    const { conditionalWrites, overwrite } = this.deps;
    return upload.key !== null && (overwrite || !conditionalWrites);
  }

  /**
   * A multipart upload may be gone because it is being completed just now, by another writer or by a try that was not
   * waited for: some stores hide it when they begin, and show the object when they are done (seen on versitygw).
   */
  private async lookAfter(
    publication: Publication,
    error: unknown,
  ): Promise<HeadObjectCommandOutput | undefined> {
    let head = await this.look(publication);
    if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') return head;
    for (const pause of PAUSES) {
      if (head) return head;
      await wait(pause);
      head = await this.look(publication);
    }
    return head;
  }

  private look(publication: Publication): Promise<HeadObjectCommandOutput | undefined> {
    return this.head(publication).catch((cause: unknown) => {
      // Without the look nothing is final: what says that all is lost, or taken, may be the echo of a success.
      const { id } = publication.upload;
      throw new StorageError('unavailable', `Whether upload ${id} has its object is not known.`, { cause });
    });
  }
}

function found({ upload, since }: Publication, head: HeadObjectCommandOutput | undefined): Found {
  if (!head) return 'none';
  const writer = writerOf(head.Metadata?.[MARKER], upload);
  if (writer === undefined) return 'foreign';
  // What a later writer has made stays as it is: the row counts nothing of what this one says.
  if (writer > upload.epoch) return 'made';
  const whole = upload.length === null || head.ContentLength === upload.length;
  return whole && writer >= since ? 'made' : 'stale';
}

function isContended(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  // A condition that failed although there is no object: it was removed meanwhile.
  return ['ConditionalRequestConflict', 'OperationAborted', 'PreconditionFailed'].includes(error.code);
}
