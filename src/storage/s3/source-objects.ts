import { StorageError } from '../../model/errors/storage.error.js';
import { inParallel } from '../parts/in-parallel.js';
import type { ConcatSource, StoredUpload } from '../upload-storage.js';
import type { Keys } from './keys.js';
import { isStill, MARKER } from './marker.js';
import { parseReference } from './reference.js';
import type { S3Api } from './s3.api.js';

/** Looks of one merge at the same time. */
const LOOKS = 8;

/** What the sources of a merge are: one with a key may be changed by others at any time, so that it is looked at first. */
export class SourceObjects {
  constructor(private readonly deps: { readonly api: S3Api; readonly keys: Keys }) {}

  /**
   * The ETag that each source has to have by the id of its upload; none for a partial whose ETag was never told.
   * @throws StorageError of kind `missing` if a source with a key is gone, or another object is there
   */
  async etags(sources: readonly ConcatSource[]): Promise<ReadonlyMap<string, string>> {
    const uploads = new Map(sources.map(({ upload }) => [upload.id, upload]));
    const etags = new Map<string, string>();
    await inParallel(LOOKS, [...uploads.values()], async (upload) => {
      const etag = upload.key === null ? parseReference(upload.reference).etag : await this.etagOf(upload);
      if (etag !== undefined) etags.set(upload.id, etag);
    });
    return etags;
  }

  private async etagOf(upload: StoredUpload): Promise<string | undefined> {
    const key = this.deps.keys.object(upload);
    const head = await this.deps.api.head(key);
    const found = { marker: head?.Metadata?.[MARKER], length: head?.ContentLength };
    if (head && isStill(upload, found)) return head.ETag;
    throw new StorageError('missing', `The object ${key} is gone, or another one is there.`);
  }
}
