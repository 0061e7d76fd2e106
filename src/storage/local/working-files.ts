import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../model/errors/storage.error.js';
import type { StoredUpload } from '../upload-storage.js';
import { checkFolder } from './failures.js';
import { files } from './files.js';
import { checkId } from './keys.js';
import { segmentRanges } from './segments.js';
import type { Segments } from './segments.js';
import { unless } from './storage-failure.js';

/** Bytes of a file. */
export interface FileRange {
  readonly path: string;
  readonly position: number;
  readonly length: number;
}

/** The names of an upload's files in the working folder: its id, alone or followed by a dot and what it is. */
export class WorkingFiles {
  constructor(readonly folder: string) {}

  segment(id: string, epoch: number): string {
    return this.path(id, epoch === 0 ? '' : `.${epoch}`);
  }

  /** Where completion gathers several segments. */
  whole(id: string, epoch: number): string {
    return this.path(id, `.${epoch}.whole`);
  }

  /** Says that this upload has created the file under its key, where hard links cannot say it. */
  reservation(id: string): string {
    return this.path(id, '.reserved');
  }

  ranges(id: string, segments: Segments, bytes: { start: number; length: number }): FileRange[] {
    return segmentRanges(segments, bytes.start, bytes.start + bytes.length).map(
      ({ epoch, position, length }) => ({
        path: this.segment(id, epoch),
        position,
        length,
      }),
    );
  }

  /** Every file with bytes that this upload may have, whether it exists or not. */
  async candidates(upload: StoredUpload): Promise<string[]> {
    const { id, kind, reference, epoch } = upload;
    // Nothing but the first file is ever created before the reference names it.
    if (reference === null) return [this.segment(id, 0)];
    if (kind === 'final') return Array.from({ length: epoch }, (_, index) => this.segment(id, index + 1));
    checkId(id);
    // Segments that were dropped from the reference leave files behind that only a listing finds.
    const names = await readdir(this.folder);
    return names
      .filter((name) => name === id || (name.startsWith(`${id}.`) && name !== `${id}.reserved`))
      .map((name) => join(this.folder, name));
  }

  /** Removes all files of the upload. Idempotent. @throws StorageError of kind `unavailable` without the folder. */
  async discard(upload: StoredUpload): Promise<void> {
    const paths = await this.candidates(upload);
    // A partial is never published: of a thousand that a merge has used up, as many calls are saved.
    if (upload.kind !== 'partial') paths.push(this.reservation(upload.id));
    const removed = await Promise.all(paths.map(isRemoved));
    // Nothing is found in a folder that is away, either.
    if (!removed.includes(true)) await checkFolder(this.folder);
  }

  /**
   * The same for an upload that is published: a file with bytes that is still there was linked, which takes no
   * reservation.
   */
  async discardPublished(upload: StoredUpload): Promise<void> {
    const linked = upload.reference === null && upload.length !== 0;
    if (linked && (await isRemoved(this.segment(upload.id, 0)))) return;
    await this.discard(upload);
  }

  private path(id: string, suffix: string): string {
    checkId(id);
    return join(this.folder, `${id}${suffix}`);
  }
}

async function isRemoved(path: string): Promise<boolean> {
  const removing = files.unlink(path).then(() => true);
  return (await unless(['ENOENT'], removing)) ?? false;
}

/** @throws StorageError of kind `missing` if a file is not there or shorter than it has to be. */
export async function checkStored(ranges: readonly FileRange[]): Promise<void> {
  for (const { path, position, length } of ranges) {
    const found = await unless(['ENOENT'], stat(path));
    checkSize(found?.size ?? 0, position + length);
  }
}

/** @throws StorageError of kind `missing`. */
export function checkSize(size: number, wanted: number): void {
  if (size < wanted) {
    throw new StorageError('missing', `A file has ${size} bytes where ${wanted} were stored.`);
  }
}
