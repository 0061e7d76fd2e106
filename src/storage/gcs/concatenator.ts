import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { Gate } from '../parts/gate.js';
import { inParallel } from '../parts/in-parallel.js';
import type { ByteRange, ConcatSource, StoredUpload, WriteContext } from '../upload-storage.js';
import { hashed } from './body.js';
import type { Composer } from './composer.js';
import type { GcsApi } from './gcs.api.js';
import type { Keys } from './keys.js';
import { workResource } from './object-settings.js';
import type { GcsObjectSettings } from './object-settings.js';
import { isOf } from './objects.js';
import type { Objects } from './objects.js';
import { LARGEST_OBJECT } from './options.js';
import { componentOf, tagOf } from './part-tag.js';
import type { Component } from './part-tag.js';
import { objectOf } from './reader.js';

/** Sources that are looked at, or copied, at the same time. */
const CONCURRENCY = 8;
/** Bytes of a range that pass through the server at a time. */
const PIECE = 8 * 1024 * 1024;
/** Pieces of all merges together that are in memory at the same time: that of parts has nothing to do with them. */
const PIECES = 4;

export interface ConcatenatorDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
  readonly settings: GcsObjectSettings;
  readonly objects: Objects;
  readonly composer: Composer;
}

/** Makes one part of the sources of a final, so that only its publication is left to do. */
export class Concatenator {
  private readonly pieces = new Gate(PIECES);

  constructor(private readonly deps: ConcatenatorDeps) {}

  /** A second call finds the part on record, or makes it again: sources are composed, which moves no bytes. */
  async concatenate(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    { signal }: WriteContext,
  ): Promise<void> {
    const length = sources.reduce((sum, source) => sum + source.length, 0);
    if (length > LARGEST_OBJECT) throw new StorageError('full', `No object has ${length} bytes.`);
    const recorded = await final.parts.list();
    if (await this.isMerged(final, { recorded, length })) return;
    const components = await this.components(final, sources, signal);
    if (components.length === 0) return;
    stopIf(signal);
    const number = 1 + Math.max(0, ...recorded.map((part) => part.number));
    const part = { number, epoch: final.epoch, start: 0, length, tail: false };
    const joined = await this.deps.composer.part(final, components, this.deps.keys.part(final, part));
    await final.parts.record([{ ...part, tag: tagOf(joined) }]);
  }

  /** What is on record may be gone: a rule of the bucket removes what is old. The sources are there as long as they are pinned. */
  private async isMerged(
    final: StoredUpload,
    { recorded, length }: { readonly recorded: readonly Part[]; readonly length: number },
  ): Promise<boolean> {
    const { api, keys } = this.deps;
    const merged = recorded.findLast((part) => part.length === length && part.tag !== null);
    if (!merged) return false;
    const name = keys.part(final, merged);
    return (await api.find(name))?.generation === componentOf(merged, name).generation;
  }

  private async components(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    signal: AbortSignal,
  ): Promise<readonly Component[]> {
    const found: (readonly Component[])[] = [];
    const filled = sources.filter(({ length }) => length > 0);
    await inParallel(CONCURRENCY, [...filled.entries()], async ([index, source]) => {
      stopIf(signal);
      const object = await this.objectOf(source);
      const whole = source.start === 0 && source.length === object.length;
      found[index] = whole
        ? [source.upload.key === null ? object : await this.rewritten(final, object)]
        : await this.copied(final, { source, object, signal });
    });
    return found.flat();
  }

  /**
   * A published object may have another storage class than partials have, by an option or by a rule of the bucket, and
   * the store composes only what is of one class: cloud.google.com/storage/docs/composite-objects
   */
  private rewritten(final: StoredUpload, object: Component): Promise<Component> {
    const { api, keys, settings, objects } = this.deps;
    const { length, crc32c } = object;
    const place = { name: keys.step(final, [object]), resource: workResource(settings, final) };
    return objects.make({ length, crc32c, ...place, upload: final, look: true }, (at) =>
      api.rewrite(object, at),
    );
  }

  /** Of a partial the row knows the object; of a final that has consumed partials the store has to be asked. */
  private async objectOf({ upload }: ConcatSource): Promise<Component> {
    if (upload.reference === null) return objectOf(this.deps, upload);
    const length = upload.length ?? upload.offset;
    return componentOf({ tag: upload.reference, length }, this.deps.keys.object(upload));
  }

  /**
   * Objects of a range, which the store cannot compose: a partial that was released is a range of its final, and its
   * bytes have to be read and sent again.
   */
  private async copied(
    final: StoredUpload,
    { source, object, signal }: { source: ConcatSource; object: Component; signal: AbortSignal },
  ): Promise<readonly Component[]> {
    const pieces: Component[] = [];
    for (let done = 0; done < source.length; done += PIECE) {
      const start = source.start + done;
      const end = start + Math.min(PIECE, source.length - done) - 1;
      const piece = await this.pieces.pass(() => {
        stopIf(signal);
        return this.piece(final, object, { start, end });
      });
      pieces.push(piece);
    }
    return pieces;
  }

  /** A merge that was stopped finds what it has copied before. */
  private async piece(final: StoredUpload, object: Component, range: ByteRange): Promise<Component> {
    const { api, keys, settings, objects } = this.deps;
    const name = keys.step(final, [{ ...object, range }]);
    const length = range.end + 1 - range.start;
    const found = await api.find(name);
    if (found?.length === length && isOf(final, found)) return found;
    const body = await hashed({ body: await api.bytes(object, range), length });
    const wanted = { ...body, name, upload: final, resource: workResource(settings, final) };
    return objects.make(wanted, (at) => api.insert(body, at));
  }
}

function stopIf({ aborted }: AbortSignal): void {
  if (aborted) throw new StorageError('unavailable', 'The merge was stopped.');
}
