import type { Part } from '../../model/part.js';
import { inParallel } from '../parts/in-parallel.js';
import type { StoredUpload } from '../upload-storage.js';
import { AzureError } from './azure.error.js';
import type { Blocks } from './blocks.js';
import { workHeaders } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import type { Copier } from './copier.js';

/** Copies of one upload at the same time. */
const COPIES = 8;

export interface DroppedBlocksDeps {
  readonly blocks: Blocks;
  readonly copier: Copier;
  readonly settings: AzureBlobSettings;
}

/**
 * Blocks that a writer has dropped by a commit of its own, which came when it had lost its right already. Mostly it had
 * the same bytes: then the blocks can be copied out of its blob, and the store compares their CRC64.
 */
export class DroppedBlocks {
  constructor(private readonly deps: DroppedBlocksDeps) {}

  /** @returns whether all of them are staged again. @throws StorageError of kind `unavailable` if the store is away */
  async restage(upload: StoredUpload, parts: readonly Part[]): Promise<boolean> {
    const { blocks, copier, settings } = this.deps;
    const headers = workHeaders(settings, upload);
    let all = true;
    await inParallel(COPIES, parts, async (part) => {
      if (!all) return;
      const { start, length, tag } = part;
      const to = blocks.of(upload, part);
      const range = { start, end: start + length - 1 };
      const crc64 = Buffer.from(tag ?? '', 'base64');
      const copied = copier.copy({ from: to.blob, range, to, headers, crc64 });
      if (!(await copied.catch(unlessOthers))) all = false;
    });
    return all;
  }
}

/** False for bytes that are others, or not there. */
function unlessOthers(error: unknown): false {
  if (error instanceof AzureError && (error.status === 400 || error.kind === 'missing')) return false;
  throw error;
}
