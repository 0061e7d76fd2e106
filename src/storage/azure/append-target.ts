import { Readable } from 'node:stream';
import type { Part } from '../../model/part.js';
import type { PartBytes, PartTarget } from '../parts/part-target.js';
import type { StoredUpload, WriteContext } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import type { Blocks } from './blocks.js';
import { workHeaders } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import type { Keys } from './keys.js';
import { isStaged } from './reference.js';

/**
 * Milliseconds. Blocks of a younger upload outlive a wait of `UNCOMMITTED_AGE` that begins with a tail: half a day of
 * Azure's week is left, for clocks that differ.
 */
const OLD = 12 * 60 * 60 * 1000;
/** A blob that was put is there: there is nothing more to say of it. */
const TAG = 'stored';

export interface AppendTargetDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  readonly settings: AzureBlobSettings;
  readonly blocks: Blocks;
}

/** Where the parts of one append go: each becomes a block of the blob. */
export class AppendTarget implements PartTarget {
  private current: Promise<void> | undefined;

  constructor(
    private readonly deps: AppendTargetDeps,
    private readonly upload: StoredUpload,
    private readonly record: WriteContext['record'],
  ) {
    if (isStaged(upload)) this.current = Promise.resolve();
  }

  /** Whether the blob is made of blocks. */
  get staged(): boolean {
    return this.current !== undefined;
  }

  async put(part: PartBytes): Promise<string> {
    const { blocks } = this.deps;
    this.current ??= blocks.begin(this.upload, this.record);
    await this.current;
    return blocks.stage(this.upload, part, part);
  }

  async putTail(tail: PartBytes): Promise<string> {
    const { api, keys, settings, blocks } = this.deps;
    const headers = workHeaders(settings, this.upload);
    await api.putBlob(keys.tail(this.upload.id, tail), tail, { headers });
    // A tail is no block: it does not make the others younger.
    if (this.staged && Date.now() - this.upload.createdAt > OLD)
      await blocks.keepAlive(this.upload, tail.signal);
    return TAG;
  }

  async readTail(tail: Part): Promise<Readable> {
    const bytes = await this.deps.api.bytes(this.deps.keys.tail(this.upload.id, tail), tail.length);
    return Readable.from([bytes]);
  }

  async removeTail(tail: Part): Promise<void> {
    await this.deps.api.deleteBlob(this.deps.keys.tail(this.upload.id, tail));
  }
}
