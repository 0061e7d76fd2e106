import { StorageError } from '../../model/errors/storage.error.js';
import { inParallel } from '../parts/in-parallel.js';
import type { ConcatSource } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import type { Keys } from './keys.js';
import { isStill } from './marker.js';

/** Looks of one merge at the same time. */
const LOOKS = 8;
/** Nobody else writes where a partial is. */
const OWN = 'stored';

/** What the sources of a merge are: one with a key may be changed by others at any time. */
export class SourceBlobs {
  constructor(private readonly deps: { readonly api: AzureApi; readonly keys: Keys }) {}

  /**
   * What is put on record of a block, for each of the sources: it changes with the blob.
   * @throws StorageError of kind `missing` if a source is gone, or another blob is there
   */
  async tags(sources: readonly ConcatSource[]): Promise<readonly string[]> {
    const { api, keys } = this.deps;
    const keyed = new Map(
      sources.filter(({ upload }) => upload.key !== null).map(({ upload }) => [upload.id, upload]),
    );
    const etags = new Map<string, string>();
    await inParallel(LOOKS, [...keyed.values()], async (upload) => {
      const blob = await api.head(keys.object(upload));
      if (!blob || !isStill(blob, upload)) {
        throw new StorageError(
          'missing',
          `The blob of upload ${upload.id} is gone, or another one is there.`,
        );
      }
      etags.set(upload.id, blob.etag);
    });
    return sources.map(({ upload }) => etags.get(upload.id) ?? OWN);
  }

  /** @throws StorageError of kind `unavailable` if a source has changed since, so that it has to be copied again */
  async check(sources: readonly ConcatSource[], tags: readonly string[]): Promise<void> {
    const now = await this.tags(sources);
    if (now.every((tag, index) => tag === tags[index])) return;
    throw new StorageError('unavailable', 'A blob that is merged was changed while it was copied.');
  }
}
