import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { arrivedParts, newestEpoch } from '../parts/newest-epoch.js';
import type { LastPart } from '../parts/part-target.js';
import { partsReaching } from '../parts/parts-up-to.js';
import { recordAnyway } from '../parts/record-anyway.js';
import type { Completed, Finish, StoredUpload } from '../upload-storage.js';
import type { AppendTarget } from './append-target.js';
import type { Keys } from './keys.js';
import type { Multiparts } from './multiparts.js';
import { objectHeaders } from './object-settings.js';
import type { S3ObjectSettings } from './object-settings.js';
import type { TaggedPart } from './part-tag.js';
import type { Publication, Publisher } from './publisher.js';
import { begunBy, formatReference, parseReference } from './reference.js';
import type { S3Body } from './requests.js';
import type { Multipart, S3Api } from './s3.api.js';

const NOTHING: S3Body = { body: Buffer.alloc(0), length: 0 };

export interface CompleterDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  readonly settings: S3ObjectSettings;
  readonly multiparts: Multiparts;
  readonly publisher: Publisher;
  /** Numbers that a writer who never said that it stopped may still use. */
  readonly partsInFlight: number;
}

/** Makes an object of the parts of an upload. An upload that has a multipart upload always becomes one through it. */
export class Completer {
  constructor(private readonly deps: CompleterDeps) {}

  /** Completes with what an append has at hand. */
  finish(upload: StoredUpload, last: LastPart, target: AppendTarget): Finish {
    return {
      // A multipart upload takes no part behind its Complete; an object by itself is put again.
      once: target.begun !== undefined,
      complete: async () => {
        try {
          return await this.finishWith({ ...upload, reference: target.reference }, last, target);
        } finally {
          await last.free();
        }
      },
      discard: () => void last.free(),
    };
  }

  /** Completes with what is on record alone: of a final, or after a crash. */
  async complete(upload: StoredUpload): Promise<Completed | undefined> {
    const length = upload.length ?? upload.offset;
    const multipart = this.deps.multiparts.of(upload, parseReference(upload.reference));
    if (length === 0) return this.completeEmpty(upload, multipart);
    const list = await upload.parts.list();
    const parts = partsReaching(list, length);
    const publication = { upload, since: sinceOf(upload, parts ?? arrivedParts(list)) };
    if (parts && multipart) {
      const all = () => this.tagged(upload, parts, list);
      return this.completeMultipart(publication, multipart, all).catch((error) =>
        this.withdraw(upload, parts, error),
      );
    }
    const [tail, ...others] = parts ?? [];
    if (tail?.tail && others.length === 0) return this.completeTail(publication, tail);
    // The bytes may be in the object and nowhere else.
    await this.deps.publisher.expect(publication);
    return undefined;
  }

  /**
   * The store has not what is on record of a final: a dead process may have made a part once more, and its ETag need not
   * be the same. With one part without a tag, which is one row, the next merge begins another multipart upload. As long as that is not on record a second
   * call comes here again; of two at once the record refuses the one without the lease.
   */
  private async withdraw(upload: StoredUpload, parts: readonly Part[], error: unknown): Promise<never> {
    const lost = upload.kind === 'final' && error instanceof StorageError && error.kind === 'missing';
    const [first] = parts;
    if (lost && first) await upload.parts.record([{ ...first, tag: null }]);
    throw error;
  }

  private async finishWith(
    upload: StoredUpload,
    last: LastPart,
    target: AppendTarget,
  ): Promise<Completed | undefined> {
    const { parts, bytes } = last;
    const multipart = await target.begun;
    const publication = { upload, since: sinceOf(upload, bytes ? [bytes] : parts) };
    if (!multipart) return this.put(publication, bytes ?? NOTHING);
    if (!bytes && parts.length === 0) return this.completeEmpty(upload, multipart);
    let tag: string | null = null;
    const all = async () => {
      if (!bytes) return parts;
      tag ??= await target.put(bytes);
      return [...parts, { number: bytes.number, tag }];
    };
    try {
      return await this.completeMultipart(publication, multipart, all);
    } catch (error) {
      // It may still arrive, and then nothing else may have its number; and if it has, a second call needs no bytes.
      if (bytes) await recordAnyway(upload, [{ ...partOf(bytes), tag }]);
      throw error;
    }
  }

  private async completeMultipart(
    publication: Publication,
    multipart: Multipart,
    parts: () => Promise<readonly TaggedPart[]>,
  ): Promise<Completed | undefined> {
    const { publisher, api } = this.deps;
    const etag = await publisher.publish(publication, async (condition) =>
      api.completeMultipart(multipart, await parts(), condition),
    );
    return completed(publication.upload, { multipart: multipart.id, etag });
  }

  private async put(publication: Publication, body: S3Body): Promise<Completed | undefined> {
    const { publisher, api, keys, settings } = this.deps;
    const { upload } = publication;
    const headers = objectHeaders(settings, upload);
    const etag = await publisher.publish(publication, (condition) =>
      api.putObject(keys.object(upload), body, { ...headers, ...condition }),
    );
    return completed(upload, { etag });
  }

  /** Parts of earlier requests, whose bytes did not verify, may be in a multipart upload. */
  private async completeEmpty(
    upload: StoredUpload,
    multipart: Multipart | undefined,
  ): Promise<Completed | undefined> {
    if (multipart) await this.deps.api.abortMultipart(multipart);
    return this.put({ upload, since: 0 }, NOTHING);
  }

  private async completeTail(publication: Publication, tail: Part): Promise<Completed | undefined> {
    const body = await this.deps.api.bytes(this.deps.keys.tail(publication.upload.id, tail), tail.length);
    return this.put(publication, { body, length: tail.length });
  }

  /** With a tail as the last part, copied by the store. */
  private async tagged(
    upload: StoredUpload,
    parts: readonly Part[],
    list: readonly Part[],
  ): Promise<readonly TaggedPart[]> {
    const { api, keys, multiparts, partsInFlight } = this.deps;
    const last = parts.at(-1);
    const multipart = multiparts.of(upload, parseReference(upload.reference));
    if (!last?.tail || !multipart) return parts;
    const number =
      Math.max(0, ...list.filter(({ tail }) => !tail).map((part) => part.number)) + partsInFlight + 1;
    const source = keys.tail(upload.id, last);
    const { length } = last;
    const tag =
      (await multiparts.copy(upload, multipart, { number, source })) ??
      (await multiparts.put(upload, multipart, { number, length, body: await api.bytes(source, length) }));
    return [...parts.slice(0, -1), { number, tag }];
  }
}

/** A merge of a partial copies the object that was made now, and no other. What may be left of earlier tries is still said. */
function completed(
  { key, reference }: StoredUpload,
  { multipart, etag }: { readonly multipart?: string; readonly etag: string | undefined },
): Completed | undefined {
  if (key !== null || etag === undefined) return undefined;
  const { doubtful, epoch } = parseReference(reference);
  return {
    reference: formatReference({
      ...(multipart && { multipart }),
      ...(multipart && epoch !== undefined && { epoch }),
      ...(doubtful && { doubtful }),
      etag,
    }),
  };
}

/** The epoch that the marker of an object with these parts has at least. */
function sinceOf(upload: StoredUpload, parts: readonly Pick<Part, 'epoch'>[]): number {
  const { kind, reference } = upload;
  const multipart = kind !== 'final' && parseReference(reference).multipart !== undefined;
  return multipart ? begunBy(reference) : newestEpoch(upload, parts);
}

function partOf({ number, epoch, start, length }: NonNullable<LastPart['bytes']>): Omit<Part, 'tag'> {
  return { number, epoch, start, length, tail: false };
}
