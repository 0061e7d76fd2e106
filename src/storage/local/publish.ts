import { lstat, open, unlink } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { StorageError } from '../../model/errors/storage.error.js';
import type { StoredUpload } from '../upload-storage.js';
import type { FileCalls } from './file-calls.js';
import { NO_HARD_LINKS } from './hard-links.js';
import { created, errorCode, unless } from './storage-failure.js';
import { totalOf } from './stored-bytes.js';
import type { WorkingFiles } from './working-files.js';

/**
 * Whose the file under the key of an upload is.
 *
 * - `ours`: it is one of the working files under a second name, or it was put in place of our reservation.
 * - `reserved`: it is our reservation, still empty.
 * - `unproven`: it has the right size, and no working file is left to compare it with.
 * - `lost`: it is not ours, and our bytes are nowhere.
 */
export type Found = 'absent' | 'ours' | 'reserved' | 'unproven' | 'lost' | 'foreign';

export interface Publication {
  readonly upload: StoredUpload;
  /** The path under the key. */
  readonly target: string;
}

/** Puts working files under their keys, never over another object, and tells ours from others after a crash. */
export class Publisher {
  constructor(private readonly deps: { readonly work: WorkingFiles; readonly calls: FileCalls }) {}

  async find({ upload, target }: Publication): Promise<Found> {
    // A file where a folder should be holds nothing under this key.
    const object = await unless(['ENOENT', 'ENOTDIR'], lstat(target, { bigint: true }));
    if (!object) return 'absent';
    const files = await this.existing(await this.deps.work.candidates(upload));
    if (files.some((file) => file.ino === object.ino && file.dev === object.dev)) return 'ours';
    const whole = object.isFile() && object.size === BigInt(totalOf(upload));
    const [reservation] = await this.existing([this.deps.work.reservation(upload.id)]);
    if (reservation && whole) return 'ours';
    if (reservation && object.isFile() && object.size === 0n) return 'reserved';
    if (files.length > 0) return 'foreign';
    return whole ? 'unproven' : 'lost';
  }

  /**
   * Gives the file the name of the object; the object appears with all its bytes, or not at all.
   * @throws StorageError of kind `conflict` if another object is there.
   */
  async publish(publication: Publication, file: string): Promise<void> {
    try {
      await this.deps.calls.link(file, publication.target);
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code === 'EEXIST' || code === 'ENOENT') return this.goOn(publication, file, error);
      if (!NO_HARD_LINKS.includes(code)) throw error;
      await this.reserveAndRename(publication, file);
    }
  }

  /** Removes the object of an upload that was not recorded as complete, only if it is ours beyond doubt. */
  async withdraw(publication: Publication): Promise<void> {
    const found = await this.find(publication);
    if (found === 'ours' || found === 'reserved') await unless(['ENOENT'], unlink(publication.target));
  }

  /** Something is under the key already, or the file has gone: an attempt before this one, or beside it. */
  private async goOn(publication: Publication, file: string, cause: unknown): Promise<void> {
    const found = await this.find(publication);
    if (found === 'ours' || found === 'unproven') return;
    if (found === 'reserved') return this.rename(publication, file);
    if (found === 'foreign') throw foreignObject(cause);
    if (found === 'lost') throw lostBytes(cause);
    throw cause ?? new StorageError('unavailable', 'The object came and went while it was published.');
  }

  private async reserveAndRename(publication: Publication, file: string): Promise<void> {
    const reservation = this.deps.work.reservation(publication.upload.id);
    // Before the object it stands for, so that a crash in between cannot make our own file look foreign.
    const first = await create(reservation);
    if (await create(publication.target)) return this.rename(publication, file);
    if (!first) return this.goOn(publication, file, undefined);
    await unless(['ENOENT'], unlink(reservation));
    throw foreignObject();
  }

  private async rename(publication: Publication, file: string): Promise<void> {
    try {
      await this.deps.calls.rename(file, publication.target);
    } catch (error) {
      const found = await this.find(publication);
      if (found === 'ours') return;
      if (found === 'reserved') {
        await unlink(publication.target);
        await unless(['ENOENT'], unlink(this.deps.work.reservation(publication.upload.id)));
      }
      throw error;
    }
  }

  private async existing(paths: readonly string[]): Promise<BigIntStats[]> {
    const found = await Promise.all(paths.map((path) => unless(['ENOENT'], lstat(path, { bigint: true }))));
    return found.filter((stats) => stats !== undefined);
  }
}

/** Creates an empty file; false if one is there. */
async function create(path: string): Promise<boolean> {
  const handle = await unless(['EEXIST'], created(open(path, 'wx')));
  await handle?.close();
  return handle !== undefined;
}

/** What to throw where somebody else's object has the key. */
export function foreignObject(cause?: unknown): StorageError {
  return new StorageError('conflict', 'Another object already has this key.', { cause });
}

/** What to throw where our bytes are nowhere. */
export function lostBytes(cause?: unknown): StorageError {
  return new StorageError('missing', 'The stored bytes are not there any more.', { cause });
}
