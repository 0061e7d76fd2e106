import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { inParallel } from '../parts/in-parallel.js';
import type { StoredUpload } from '../upload-storage.js';
import type { Keys } from './keys.js';
import type { Multiparts } from './multiparts.js';
import { isStill, MARKER, writerOf } from './marker.js';
import type { FoundObject } from './marker.js';
import { parseReference } from './reference.js';
import type { S3Api } from './s3.api.js';
import type { WorkObjects } from './work-objects.js';

/** Requests of one clean-up at the same time. */
const CONCURRENCY = 4;

export interface CleanerDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  readonly multiparts: Multiparts;
  readonly work: WorkObjects;
}

/** Removes what an upload has left. Each step can be repeated, and the record goes last. */
export class Cleaner {
  constructor(private readonly deps: CleanerDeps) {}

  /** What an upload needed until it was complete. */
  async discardWork(upload: StoredUpload): Promise<void> {
    await this.deps.multiparts.abortOthers(upload, parseReference(upload.reference));
    await this.removeTails(upload);
  }

  async remove(upload: StoredUpload, published: boolean): Promise<void> {
    const { multiparts, work, keys } = this.deps;
    const reference = parseReference(upload.reference);
    // First, so that no object can appear after it was looked for. Only a complete upload has all bytes on record.
    if (upload.offset !== upload.length || upload.length === 0) await multiparts.abort(upload, reference);
    await multiparts.abortOthers(upload, reference);
    if (upload.key === null) await work.remove(keys.object(upload));
    else await this.removePublished(upload, published);
    await this.removeTails(upload);
  }

  /**
   * In a bucket that keeps versions each removal brings the version before to light: of an earlier writer, or of a try
   * whose answer was lost. Those of this upload go, too.
   */
  private async removePublished(upload: StoredUpload, published: boolean): Promise<void> {
    const { api, keys, work } = this.deps;
    const key = keys.object(upload);
    let head = await api.head(key);
    let isOurs = isMarked(upload, head) || (published && isStill(upload, foundOf(head)));
    while (head && isOurs) {
      const { VersionId: version } = head;
      const removed = await work.removeVersion(key, version);
      if (!removed || version === undefined) return;
      head = await api.head(key);
      // Of a store that names a version, and does not remove it, nothing more can be had.
      isOurs = isMarked(upload, head) && head?.VersionId !== version;
    }
  }

  private async removeTails(upload: StoredUpload): Promise<void> {
    if (wasOneRequest(upload)) return;
    const parts = await upload.parts.list();
    if (parts.length === 0) return;
    const tails = parts.filter(({ tail }) => tail);
    await inParallel(CONCURRENCY, tails, (tail) =>
      this.deps.work.remove(this.deps.keys.tail(upload.id, tail)),
    );
    await upload.parts.forget();
  }
}

function isMarked(upload: StoredUpload, head: HeadObjectCommandOutput | undefined): boolean {
  return writerOf(foundOf(head).marker, upload) !== undefined;
}

function foundOf(head: HeadObjectCommandOutput | undefined): FoundObject {
  return { marker: head?.Metadata?.[MARKER], length: head?.ContentLength };
}

/** Its first writer brought all bytes, and had no need of a multipart upload: of such an upload nothing is on record. */
function wasOneRequest({ epoch, offset, length, reference }: StoredUpload): boolean {
  const { multipart, doubtful } = parseReference(reference);
  return epoch <= 1 && offset === length && multipart === undefined && doubtful === undefined;
}
