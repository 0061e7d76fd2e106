import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { arrivedParts, newestEpoch } from '../parts/newest-epoch.js';
import type { LastPart } from '../parts/part-target.js';
import { partsReaching } from '../parts/parts-up-to.js';
import type { Completed, Finish, StoredUpload } from '../upload-storage.js';
import type { AppendTarget } from './append-target.js';
import { EMPTY, hashed } from './body.js';
import type { GcsBody } from './body.js';
import { sumOf } from './composer.js';
import type { Composer } from './composer.js';
import type { GcsApi, GcsObject, Target } from './gcs.api.js';
import { GcsError } from './gcs.error.js';
import type { Keys } from './keys.js';
import { objectResource, writerOf } from './object-settings.js';
import type { GcsObjectSettings } from './object-settings.js';
import { taken } from './objects.js';
import type { Objects } from './objects.js';
import { componentOf, tagOf } from './part-tag.js';
import type { Component } from './part-tag.js';

export interface CompleterDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
  readonly settings: GcsObjectSettings;
  readonly objects: Objects;
  readonly composer: Composer;
  /** Whether an object that is there already is replaced. */
  readonly overwrite: boolean;
}

/** Makes an object of the parts of an upload. */
export class Completer {
  constructor(private readonly deps: CompleterDeps) {}

  /** Completes with what an append has at hand. */
  finish(upload: StoredUpload, last: LastPart, target: AppendTarget): Finish {
    return {
      complete: async () => {
        try {
          return await this.finishWith(upload, last, target);
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
    if (length === 0) return this.insert(upload, EMPTY);
    const list = await upload.parts.list();
    const parts = partsReaching(list, length);
    // Otherwise the bytes may be in the object and nowhere else.
    return parts ? this.compose(upload, parts) : this.expect(upload, newestEpoch(upload, arrivedParts(list)));
  }

  private async finishWith(
    upload: StoredUpload,
    last: LastPart,
    target: AppendTarget,
  ): Promise<Completed | undefined> {
    const { parts, bytes } = last;
    if (parts.length === 0) {
      if (upload.epoch > 1) await this.announce(upload);
      return this.insert(upload, bytes ? await hashed(bytes) : EMPTY);
    }
    if (!bytes) return this.compose(upload, parts);
    const { number, epoch, start, length } = bytes;
    const end = { number, epoch, start, length, tag: await target.put(bytes), tail: false };
    // From here on every writer makes the same object, of these bytes: none misses parts that another one has consumed.
    await upload.parts.record([end]);
    return this.compose(upload, [...parts, end]);
  }

  private async insert(upload: StoredUpload, body: GcsBody): Promise<Completed | undefined> {
    const { api, objects } = this.deps;
    const made = await objects.make({ ...body, ...this.published(upload) }, (at) => api.insert(body, at));
    return completed(upload, made);
  }

  /**
   * An earlier writer may have stored a part and not have got it on record. Where nothing is, something has to be: only
   * then the clean-up comes back until it has looked.
   */
  private async announce({ epoch, parts }: StoredUpload): Promise<void> {
    if ((await parts.list()).length > 0) return;
    await parts.record([{ number: 1, epoch, start: 0, length: 0, tag: null, tail: false }]);
  }

  private async compose(upload: StoredUpload, parts: readonly Part[]): Promise<Completed | undefined> {
    const { api, keys, objects } = this.deps;
    const components = parts.map((part) => componentOf(part, keys.part(upload, part)));
    const wanted = { ...sumOf(components), ...this.published(upload), look: true };
    let sources: readonly Component[] | undefined;
    const made = await objects.make(wanted, async (at) => {
      sources ??= await this.sources(upload, components, wanted.resource.storageClass);
      const [only, second] = sources;
      const rewritten = wanted.resource.storageClass !== undefined && only && !second;
      return rewritten ? api.rewrite(only, at) : this.composed(upload, sources, at);
    });
    return completed(upload, made);
  }

  /**
   * The parts go with the object that is published of them. Those of a partial stay until its generation is on record, and
   * so do those that a bucket keeps, or does not let go in this way.
   */
  private async composed(
    { key }: StoredUpload,
    sources: readonly Component[],
    at: Target,
  ): Promise<GcsObject> {
    const { api } = this.deps;
    if (key === null) return api.compose(sources, at);
    try {
      return await api.compose(sources, at, true);
    } catch (error) {
      if (error instanceof GcsError && (error.status === 400 || error.status === 403))
        return api.compose(sources, at);
      throw error;
    }
  }

  /** A rewrite takes one source. */
  private async sources(
    upload: StoredUpload,
    components: readonly Component[],
    storageClass: string | undefined,
  ): Promise<readonly Component[]> {
    const { composer } = this.deps;
    if (storageClass === undefined) return composer.fewEnough(upload, components);
    if (components.length === 1) return components;
    return [await composer.step(upload, components)];
  }

  /**
   * Succeeds if the object of an upload is there already.
   * @param since - the newest epoch that its bytes are of: an older writer has had others
   * @throws StorageError of kind `missing` if it is not, `conflict` if another one is
   */
  private async expect(upload: StoredUpload, since: number): Promise<Completed | undefined> {
    const { api, keys, overwrite } = this.deps;
    const name = keys.object(upload);
    const found = await api.find(name);
    const whole = upload.length === null || found?.length === upload.length;
    const writer = found && writerOf(upload, found.metadata);
    if (found && whole && writer !== undefined && writer >= since) return completed(upload, found);
    if (found && writer === undefined && !overwrite) throw taken(upload, name);
    throw new StorageError('missing', `Not all bytes of upload ${upload.id} are stored.`);
  }

  private published(upload: StoredUpload) {
    const { keys, settings, overwrite } = this.deps;
    const resource = objectResource(settings, upload);
    return { upload, name: keys.object(upload), resource, overwrite: overwrite && upload.key !== null };
  }
}

/** A merge of a partial composes the object that was made now, and no other. */
function completed({ key }: StoredUpload, made: Component): Completed | undefined {
  return key === null ? { reference: tagOf(made) } : undefined;
}
