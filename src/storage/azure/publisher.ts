import type { BlobRequestConditions } from '@azure/storage-blob';
import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import type { StoredUpload } from '../upload-storage.js';
import type { AzureApi, BlobState } from './azure.api.js';
import { isContended } from './azure.error.js';
import type { Keys } from './keys.js';
import { writerOf } from './marker.js';

export interface PublisherDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  /** Whether a blob that is there already is replaced. */
  readonly overwrite: boolean;
}

/** A blob that an upload is to become. */
export interface Publication {
  readonly upload: StoredUpload;
  /** The newest epoch that its bytes are of: an older writer has had others. */
  readonly since: number;
}

/**
 * Makes blobs appear under their names, each once and none over another. The epoch in its metadata says which writer
 * made a blob: one that has lost its right replaces nothing of its successor, and what it has left is replaced.
 */
export class Publisher {
  constructor(private readonly deps: PublisherDeps) {}

  /**
   * Runs the request that makes the blob of an upload. Whatever comes back instead of success, the blob itself says what
   * has happened: answers get lost, and what is sent again finds what the first try has made.
   * @throws StorageError of kind `conflict` if another blob has the name, `unavailable` if it cannot be looked at
   */
  publish(
    publication: Publication,
    make: (conditions: BlobRequestConditions) => Promise<unknown>,
  ): Promise<void> {
    let conditions: BlobRequestConditions = { ifNoneMatch: '*' };
    const publish = async () => {
      try {
        await make(conditions);
      } catch (error) {
        const blob = await this.lookAfter(publication.upload);
        if (this.isMade(publication, blob, error)) return;
        conditions = blob ? { ifMatch: blob.etag } : { ifNoneMatch: '*' };
        throw error;
      }
    };
    return tryAgain(publish, { passes: isContended });
  }

  /**
   * Succeeds if the blob of an upload is there already.
   * @throws StorageError of kind `missing` if it is not, else as `publish`
   */
  async expect(publication: Publication): Promise<void> {
    if (await this.isThere(publication)) return;
    throw new StorageError('missing', `Not all bytes of upload ${publication.upload.id} are stored.`);
  }

  /** @throws StorageError as `publish` */
  async isThere(publication: Publication): Promise<boolean> {
    return this.isMade(publication, await this.look(publication.upload));
  }

  private look(upload: StoredUpload): Promise<BlobState | undefined> {
    return this.deps.api.head(this.deps.keys.object(upload));
  }

  /** Without the look nothing is final: what says that the name is taken may be the echo of a success. */
  private async lookAfter(upload: StoredUpload): Promise<BlobState | undefined> {
    try {
      return await this.look(upload);
    } catch (cause) {
      const text = `Whether upload ${upload.id} has its blob is not known.`;
      throw new StorageError('unavailable', text, { cause });
    }
  }

  /** False for none, and for one that may be replaced. */
  private isMade({ upload, since }: Publication, blob: BlobState | undefined, cause?: unknown): boolean {
    if (!blob) return false;
    const writer = writerOf(blob, upload);
    if (writer === undefined) {
      // Nobody else writes where a partial is.
      if (this.deps.overwrite || upload.key === null) return false;
      throw new StorageError('conflict', `Another blob has the key ${upload.key}.`, { cause });
    }
    const whole = upload.length === null || blob.length === upload.length;
    // What a later writer has made stays as it is: the row counts nothing of what this one says.
    return writer > upload.epoch || (whole && writer >= since);
  }
}
