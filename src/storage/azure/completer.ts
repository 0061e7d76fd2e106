import type { BlobRequestConditions } from '@azure/storage-blob';
import type { Part } from '../../model/part.js';
import { arrivedParts, newestEpoch } from '../parts/newest-epoch.js';
import type { LastPart, PartBytes } from '../parts/part-target.js';
import { partsReaching } from '../parts/parts-up-to.js';
import { recordAnyway } from '../parts/record-anyway.js';
import type { Finish, StoredUpload } from '../upload-storage.js';
import type { AppendTarget } from './append-target.js';
import type { AzureApi, BlobBody } from './azure.api.js';
import { isDropped } from './azure.error.js';
import type { Blocks } from './blocks.js';
import { blobHeaders } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import type { DroppedBlocks } from './dropped-blocks.js';
import type { Keys } from './keys.js';
import type { Publication, Publisher } from './publisher.js';
import { isStaged } from './reference.js';

const NOTHING: BlobBody = { body: Buffer.alloc(0), length: 0 };

type Named = Pick<Part, 'epoch' | 'number'>;

export interface CompleterDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  readonly settings: AzureBlobSettings;
  readonly blocks: Blocks;
  readonly publisher: Publisher;
  readonly dropped: DroppedBlocks;
}

/** A block of a commit that is at hand, and is staged with it. */
interface AtHand {
  readonly block: Named;
  readonly stage: () => Promise<unknown>;
}

/** Makes a blob of the parts of an upload. One that has blocks always becomes one through a commit, which drops the rest. */
export class Completer {
  constructor(private readonly deps: CompleterDeps) {}

  /** Completes with what an append has at hand. */
  finish(upload: StoredUpload, last: LastPart, target: AppendTarget): Finish {
    return {
      complete: async () => {
        try {
          await this.finishWith(upload, last, target);
        } finally {
          await last.free();
        }
      },
      discard: () => void last.free(),
    };
  }

  /** Completes with what is on record alone: of a final, or after a crash. */
  async complete(upload: StoredUpload): Promise<void> {
    const length = upload.length ?? upload.offset;
    const staged = isStaged(upload);
    if (length === 0)
      return staged ? this.commit({ upload, since: 0 }, []) : this.put({ upload, since: 0 }, NOTHING);
    const list = await upload.parts.list();
    const parts = partsReaching(list, length);
    const publication = { upload, since: newestEpoch(upload, parts ?? arrivedParts(list)) };
    // The bytes may be in the blob and nowhere else.
    if (!parts) return this.deps.publisher.expect(publication);
    const tail = parts.at(-1)?.tail ? parts.at(-1) : undefined;
    if (!tail) return this.commit(publication, parts);
    const bytes = await this.deps.api.bytes(this.deps.keys.tail(upload.id, tail), tail.length);
    const body = { body: bytes, length: tail.length };
    if (!staged) return this.put(publication, body);
    // After a crash it may have been committed: what is staged now would stay beside it for a week.
    if (await this.deps.publisher.isThere(publication)) return;
    const block = { epoch: upload.epoch, number: numberAbove(list) };
    const stage = () => this.deps.blocks.stage(upload, block, body);
    await this.commit(publication, parts.slice(0, -1), { block, stage });
  }

  private async finishWith(upload: StoredUpload, last: LastPart, target: AppendTarget): Promise<void> {
    const { parts, bytes } = last;
    const publication = { upload, since: newestEpoch(upload, bytes ? [bytes] : parts) };
    if (!target.staged) return this.put(publication, bytes ?? NOTHING);
    if (!bytes) return this.commit(publication, parts);
    let tag: string | null = null;
    const stage = async () => (tag = await target.put(bytes));
    try {
      await this.commit(publication, parts, { block: bytes, stage });
    } catch (error) {
      // It may still arrive, and then nothing else may have its number; and if it has, a second call needs no bytes.
      await recordAnyway(upload, [{ ...partOf(bytes), tag }]);
      throw error;
    }
  }

  /** @param last - the block that is missing */
  private commit(publication: Publication, parts: readonly Part[], last?: AtHand): Promise<void> {
    const { publisher, api, blocks, keys, settings } = this.deps;
    const { upload } = publication;
    const named = last ? [...parts, last.block] : parts;
    const ids = named.map((part) => blocks.of(upload, part).id);
    const headers = blobHeaders(settings, upload);
    const commit = (conditions: BlobRequestConditions) =>
      api.commitBlocks(keys.object(upload), ids, { headers, conditions });
    let due = last?.stage;
    return publisher.publish(publication, async (conditions) => {
      await due?.();
      due = undefined;
      try {
        await commit(conditions);
      } catch (error) {
        // Only where there is a blob may a commit have dropped blocks.
        const dropped = conditions.ifMatch !== undefined && isDropped(error);
        if (!dropped || !(await this.deps.dropped.restage(upload, parts))) throw error;
        await last?.stage();
        await commit(conditions);
      }
    });
  }

  private put(publication: Publication, body: BlobBody): Promise<void> {
    const { publisher, api, keys, settings } = this.deps;
    const { upload } = publication;
    const headers = blobHeaders(settings, upload);
    return publisher.publish(publication, (conditions) =>
      api.putBlob(keys.object(upload), body, { headers, conditions }),
    );
  }
}

function numberAbove(list: readonly Part[]): number {
  return list.reduce((top, { number, tail }) => (tail ? top : Math.max(top, number)), 0) + 1;
}

function partOf({ number, epoch, start, length }: PartBytes): Omit<Part, 'tag'> {
  return { number, epoch, start, length, tail: false };
}
