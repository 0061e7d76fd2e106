import type { ChecksumAlgorithm } from '@aws-sdk/client-s3';
import type { StoredUpload, WriteContext } from '../upload-storage.js';
import type { Keys } from './keys.js';
import { checksumOf, objectHeaders } from './object-settings.js';
import type { S3ObjectSettings } from './object-settings.js';
import { formatReference } from './reference.js';
import type { Reference } from './reference.js';
import type { CopiedPart, Multipart, S3Api, S3Part } from './s3.api.js';
import { S3Error } from './s3.error.js';
import type { S3Lists } from './s3.lists.js';

/** The clock of the store may go wrong by so much: more, and it refuses requests (`RequestTimeTooSkewed`). */
const SKEW_MILLISECONDS = 15 * 60 * 1000;

export interface MultipartsDeps {
  readonly api: S3Api;
  readonly lists: S3Lists;
  readonly keys: Keys;
  readonly settings: S3ObjectSettings;
}

export interface Beginning extends Pick<WriteContext, 'record'> {
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** Begins and ends multipart uploads, so that none is ever left that the row does not know of. */
export class Multiparts {
  constructor(private readonly deps: MultipartsDeps) {}

  /** The one that is on record. */
  of(upload: StoredUpload, { multipart: id }: Reference): Multipart | undefined {
    return id === undefined ? undefined : { key: this.deps.keys.object(upload), id };
  }

  /**
   * Creates one. That it may exist is on record before, its id after: what a crash in between leaves is found by the
   * name of the object. Nobody but the clean-up has to look for it.
   */
  async begin(upload: StoredUpload, before: Reference, { record, signal }: Beginning): Promise<Multipart> {
    const { api, keys, settings } = this.deps;
    const doubtful = before.doubtful ?? Date.now();
    await record(formatReference({ doubtful }));
    const { key, id, again } = await api.createMultipart(
      keys.object(upload),
      objectHeaders(settings, upload),
      signal,
    );
    const doubt = again || before.doubtful !== undefined;
    await record(formatReference({ multipart: id, epoch: upload.epoch, ...(doubt && { doubtful }) }));
    return { key, id };
  }

  /**
   * Sends a part, and resolves with its tag.
   * @throws S3Error with the code `NoSuchUpload` if the multipart upload is gone
   */
  async put(upload: StoredUpload, multipart: Multipart, part: S3Part): Promise<string> {
    const { api } = this.deps;
    try {
      return await api.uploadPart(multipart, part, this.checksumOf(upload));
    } catch (error) {
      // Some stores close the connection as soon as they know, and what they answer is lost.
      const silent = error instanceof S3Error && !error.answered && !part.signal?.aborted;
      if (!silent || (await api.hasMultipart(multipart).catch(() => true))) throw error;
      throw new S3Error('missing', 'The multipart upload is gone.', 'NoSuchUpload', { cause: error });
    }
  }

  /**
   * Copies inside the bucket, and resolves with the tag of the part; undefined where it has to be sent instead: MinIO
   * knows no checksum of what it copies, and takes no part without one where parts have to bring one.
   */
  async copy(upload: StoredUpload, multipart: Multipart, copied: CopiedPart): Promise<string | undefined> {
    const checksum = this.checksumOf(upload);
    try {
      return await this.deps.api.copyPart(multipart, copied, checksum);
    } catch (error) {
      if (checksum && error instanceof S3Error && error.code === 'InvalidArgument') return undefined;
      throw error;
    }
  }

  /** Frees the parts of the one on record. Idempotent. */
  async abort(upload: StoredUpload, reference: Reference): Promise<void> {
    const multipart = this.of(upload, reference);
    if (multipart) await this.deps.api.abortMultipart(multipart);
  }

  /**
   * Frees those whose ids are not on record: they never came there, or a request of an earlier writer that went on
   * beside the last one brought one back (seen on MinIO and versitygw). What another program has begun under the same
   * key before this upload is left alone.
   */
  async abortOthers(upload: StoredUpload, { multipart, doubtful }: Reference): Promise<void> {
    const several = multipart !== undefined && upload.epoch > 1;
    if (doubtful === undefined && !several) return;
    const since = doubtful ?? upload.createdAt;
    const key = this.deps.keys.object(upload);
    for (const { id, initiated } of await this.deps.lists.openMultiparts(key)) {
      if (initiated >= since - SKEW_MILLISECONDS) await this.deps.api.abortMultipart({ key, id });
    }
  }

  private checksumOf(upload: StoredUpload): ChecksumAlgorithm | undefined {
    return checksumOf(this.deps.settings, upload);
  }
}
