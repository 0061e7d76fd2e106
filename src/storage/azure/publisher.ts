import type { BlobRequestConditions } from '@azure/storage-blob';
import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import type { StoredUpload } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import { isContended } from './azure.error.js';
import { MARKER, markerOf } from './blob-settings.js';
import type { Keys } from './keys.js';

export interface PublisherDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  /** Whether a blob that is there already is replaced. */
  readonly overwrite: boolean;
}

/** Whose blob has the name of an upload: its own and whole, another one, or there is none. */
export type Whose = 'ours' | 'foreign' | 'none';

/** Makes blobs appear under their names, each once and none over another, and says whose is there. */
export class Publisher {
  constructor(private readonly deps: PublisherDeps) {}

  /**
   * Runs the request that makes the blob of an upload. Whatever comes back instead of success, the blob itself says what
   * has happened: answers get lost, and what is sent again finds what the first try has made.
   * @throws StorageError of kind `conflict` if another blob has the name
   */
  publish(
    upload: StoredUpload,
    make: (conditions: BlobRequestConditions) => Promise<unknown>,
  ): Promise<void> {
    const publish = async () => {
      try {
        await make(this.conditions(upload));
      } catch (error) {
        if (await this.hasHappened(upload, error)) return;
        throw error;
      }
    };
    return tryAgain(publish, { passes: isContended });
  }

  /**
   * Succeeds if the blob of an upload is there already.
   * @throws StorageError of kind `missing` if it is not, `conflict` if another one is
   */
  async expect(upload: StoredUpload): Promise<void> {
    const whose = await this.whose(upload);
    if (whose === 'ours') return;
    if (whose === 'foreign' && this.keepsOthers(upload)) throw taken(upload);
    throw new StorageError('missing', `Not all bytes of upload ${upload.id} are stored.`);
  }

  async whose(upload: StoredUpload): Promise<Whose> {
    const blob = await this.deps.api.head(this.deps.keys.object(upload));
    if (!blob) return 'none';
    const whole = upload.length === null || blob.length === upload.length;
    return whole && blob.metadata[MARKER] === markerOf(upload) ? 'ours' : 'foreign';
  }

  private conditions(upload: StoredUpload): BlobRequestConditions {
    return this.keepsOthers(upload) ? { ifNoneMatch: '*' } : {};
  }

  /** Nobody else writes where a partial is; its blob may be made again after a take-over. */
  private keepsOthers({ key }: StoredUpload): boolean {
    return !this.deps.overwrite && key !== null;
  }

  private async hasHappened(upload: StoredUpload, error: unknown): Promise<boolean> {
    // A look that fails says nothing.
    const whose = await this.whose(upload).catch(() => undefined);
    if (whose === 'foreign' && this.keepsOthers(upload)) throw taken(upload, error);
    return whose === 'ours';
  }
}

function taken({ key }: StoredUpload, cause?: unknown): StorageError {
  return new StorageError('conflict', `Another blob has the key ${key}.`, { cause });
}
