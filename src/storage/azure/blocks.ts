import type { Part } from '../../model/part.js';
import type { StoredUpload, WriteContext } from '../upload-storage.js';
import type { AzureApi, Block, BlobBody } from './azure.api.js';
import { blockId, isBlockOf } from './block-ids.js';
import { markedHeaders, workHeaders } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import type { Keys } from './keys.js';
import { STAGED } from './reference.js';

/** Of no part: it is staged only so that Azure keeps the others. */
const ALIVE = { epoch: 0, number: 0 };

export interface BlocksDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  readonly settings: AzureBlobSettings;
}

/** The blocks of uploads, which belong to the names of their blobs until they are committed. */
export class Blocks {
  /** Whether blobs cannot be deleted: an empty one would stay under its name. */
  private retained = false;

  constructor(private readonly deps: BlocksDeps) {}

  /** Puts on record that blocks may exist, before the first one does. */
  async begin(upload: StoredUpload, record: WriteContext['record']): Promise<void> {
    if (upload.reference !== STAGED) await record(STAGED);
  }

  of(upload: StoredUpload, part: Pick<Part, 'epoch' | 'number'>): Block {
    return { blob: this.deps.keys.object(upload), id: blockId(upload, part) };
  }

  /** Resolves with what is put on record of the block: the CRC64 of its bytes in Base64, where the store tells it. */
  async stage(upload: StoredUpload, part: Pick<Part, 'epoch' | 'number'>, body: BlobBody): Promise<string> {
    const { api, settings } = this.deps;
    const crc64 = await api.stageBlock(this.of(upload, part), body, workHeaders(settings, upload));
    return crc64 ? Buffer.from(crc64).toString('base64') : 'stored';
  }

  /** Azure forgets blocks a week after the newest one of their blob. */
  async keepAlive(upload: StoredUpload, signal?: AbortSignal): Promise<void> {
    await this.stage(upload, ALIVE, { body: Buffer.alloc(1), length: 1, signal });
  }

  /**
   * Drops the blocks of an upload that has no blob. Nothing but a commit does that, so the name has an empty blob for a
   * moment. If others have staged blocks under the name as well, or blobs cannot be deleted, or the application does not
   * say any more how they are encrypted, all are left to Azure, which forgets them.
   * @throws StorageError of kind `conflict` if there is a blob by now
   */
  async discard(upload: StoredUpload): Promise<void> {
    const { api, keys, settings } = this.deps;
    if (this.retained) return;
    const name = keys.object(upload);
    const ids = [...(await api.stagedBlocks(name)).keys()];
    if (ids.length === 0 || !ids.every((id) => isBlockOf(upload, id))) return;
    const headers = unlessThrown(() => markedHeaders(settings, upload));
    if (!headers) return;
    const { etag } = await api.commitBlocks(name, [], { headers, conditions: { ifNoneMatch: '*' } });
    this.retained = !(await api.deleteBlob(name, etag));
  }
}

function unlessThrown<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
