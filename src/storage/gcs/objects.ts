import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import type { StoredUpload } from '../upload-storage.js';
import type { GcsApi, GcsObject, Generation, Target } from './gcs.api.js';
import { GcsError } from './gcs.error.js';
import { MARKER, writerOf } from './object-settings.js';
import type { Component } from './part-tag.js';

/** What an object has to be in the end. */
export interface Wanted extends Pick<Component, 'length' | 'crc32c'>, Pick<Target, 'name' | 'resource'> {
  readonly upload: StoredUpload;
  /** Whether an object of somebody else may be replaced. */
  readonly overwrite?: boolean;
  /** Whether to look for the object before it is made: its making costs more than the look. */
  readonly look?: boolean;
  /** Aborts when the object is not waited for any longer. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes objects appear under their names, each once and none over another, whatever becomes of requests and answers. */
export class Objects {
  constructor(private readonly deps: { readonly api: GcsApi }) {}

  /**
   * Runs the request that makes an object, until there is one with the bytes that are wanted. Answers get lost, and what
   * is sent again finds what the first try has made: the object itself says what has happened.
   * @throws StorageError of kind `conflict` if another object has the name
   */
  async make(wanted: Wanted, request: (at: Target) => Promise<GcsObject>): Promise<GcsObject> {
    let under: Under = { ifGeneration: '0' };
    if (wanted.look || wanted.overwrite) {
      const found = await this.deps.api.find(wanted.name);
      if (found && isWanted(found, wanted)) return found;
      under = placeUnder(found, wanted);
    }
    const { name, resource, crc32c } = wanted;
    const make = async () => {
      try {
        const at = { name, resource, crc32c, ifGeneration: under.ifGeneration };
        return await this.verified(await request(at), wanted);
      } catch (error) {
        if (wanted.signal?.aborted) throw undecided(error, name);
        const found = await this.deps.api.find(name).catch(() => error);
        if (found === error) throw undecided(error, name);
        if (found && isWanted(found as GcsObject, wanted)) return found as GcsObject;
        under = placeUnder(found as GcsObject | undefined, wanted);
        throw error;
      }
    };
    const made = await tryAgain(make, { passes: isContended });
    // A bucket that keeps versions would keep it for ever.
    if (under.worthless) await this.deps.api.remove(under.worthless).catch(() => undefined);
    return made;
  }

  /** Bytes that are others than they should be count as nothing. */
  private async verified(made: GcsObject, { length, crc32c }: Wanted): Promise<GcsObject> {
    if (made.length === length && made.crc32c === crc32c) return made;
    await this.deps.api.remove(made).catch(() => undefined);
    throw new StorageError(
      'unavailable',
      `The store has made other bytes of ${made.name} than it was given.`,
    );
  }
}

/** Whether an object is one that this upload has made. */
export function isOf(upload: StoredUpload, { metadata }: GcsObject): boolean {
  return writerOf(upload, metadata) !== undefined;
}

/**
 * Whether an object is still the one that a complete upload was. An application may have copied it without its metadata:
 * then the size has to do.
 */
export function isStill(upload: StoredUpload, object: GcsObject): boolean {
  const isOurs = object.metadata[MARKER] === undefined || isOf(upload, object);
  return isOurs && object.length === (upload.length ?? upload.offset);
}

function isWanted(found: GcsObject, { upload, length, crc32c }: Wanted): boolean {
  return isOf(upload, found) && found.length === length && found.crc32c === crc32c;
}

/** What an object is made over. */
interface Under {
  readonly ifGeneration: Generation;
  /** Bytes of this upload that never counted: nobody needs them once they are replaced. */
  readonly worthless?: GcsObject;
}

/**
 * What is there may only be replaced if it is this upload's own: bytes that never counted. Those of a newer writer may
 * count already: whoever meets them has lost the lease long ago.
 */
function placeUnder(found: GcsObject | undefined, { upload, overwrite = false }: Wanted): Under {
  if (!found) return { ifGeneration: '0' };
  const writer = writerOf(upload, found.metadata);
  if (writer !== undefined && writer > upload.epoch)
    throw new StorageError('unavailable', `A newer writer has made ${found.name}.`);
  const ifGeneration = found.generation;
  if (writer !== undefined) return { ifGeneration, worthless: found };
  if (overwrite) return { ifGeneration };
  throw taken(upload, found.name);
}

/** A look that fails says nothing: that the sources are gone may be the echo of a success that has consumed them. */
function undecided(error: unknown, name: string): unknown {
  if (!(error instanceof StorageError) || error.kind !== 'missing') return error;
  return new StorageError('unavailable', `Whether there is ${name} is not known.`, { cause: error });
}

function isContended(error: unknown): boolean {
  return error instanceof GcsError && error.status === 412;
}

export function taken({ key }: Pick<StoredUpload, 'key'>, name: string): StorageError {
  return new StorageError('conflict', `Another object has the key ${key ?? name}.`);
}
