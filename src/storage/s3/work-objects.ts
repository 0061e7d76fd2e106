import type { S3Api } from './s3.api.js';
import { S3Error } from './s3.error.js';
import type { S3Lists } from './s3.lists.js';

/** Removes objects so that nothing of them stays, in buckets that keep versions too. */
export class WorkObjects {
  /** Known once the bucket has answered a deletion with a delete marker. */
  private versioned = false;

  constructor(private readonly deps: { readonly api: S3Api; readonly lists: S3Lists }) {}

  /**
   * Removes an object that nobody else knows, with each of its versions: one that was sent again has several. What a
   * retention holds stays. Idempotent.
   */
  async remove(key: string): Promise<void> {
    const { api, lists } = this.deps;
    if (!this.versioned) this.versioned = await api.deleteObject(key);
    if (!this.versioned) return;
    const versions = await lists.versions(key);
    let retained = false;
    for (const { id, marker } of versions.toSorted(
      (one, other) => Number(one.marker) - Number(other.marker),
    )) {
      // Without its delete marker what is retained would come to light again.
      if (!(marker && retained)) retained = !(await this.removeVersion(key, id)) || retained;
    }
  }

  /** Resolves with false if a retention or a legal hold keeps it: it will not go for a long time, so nobody tries again. */
  async removeVersion(key: string, version: string | undefined): Promise<boolean> {
    try {
      await this.deps.api.deleteObject(key, version);
      return true;
    } catch (error) {
      if (isRetained(error)) return false;
      if (isUnknownVersion(error)) return true;
      throw error;
    }
  }
}

/** There is no code of its own: Amazon and its compatibles say it in words. */
function isRetained(error: unknown): boolean {
  return error instanceof S3Error && /object lock|WORM|retention|legal hold/i.test(error.message);
}

function isUnknownVersion(error: unknown): boolean {
  return error instanceof S3Error && /invalid version id/i.test(error.message);
}
