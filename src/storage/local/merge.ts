import { open, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ConcatSource, StoredUpload, WriteContext } from '../upload-storage.js';
import { BlockWriter } from './block-writer.js';
import type { FileCalls } from './file-calls.js';
import { NO_HARD_LINKS } from './hard-links.js';
import { formatSegments, parseSegments } from './segments.js';
import { stitch } from './stitch.js';
import { created, unless } from './storage-failure.js';
import { totalOf } from './stored-bytes.js';
import type { StoredBytes } from './stored-bytes.js';
import type { WorkingFiles } from './working-files.js';

export interface MergerDeps {
  readonly work: WorkingFiles;
  readonly stored: StoredBytes;
  readonly calls: FileCalls;
}

/** Writes the sources of a final into one working file, a new one for each attempt. */
export class Merger {
  constructor(private readonly deps: MergerDeps) {}

  async merge(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void> {
    const path = this.deps.work.segment(final.id, final.epoch);
    await context.record(formatSegments([{ epoch: final.epoch, start: 0 }]));
    // Unlinked, never emptied: the bytes may be a partial's too.
    await unless(['ENOENT'], unlink(path));
    // Only a first attempt takes bytes over: after it, one that never said that it stopped may still hold them.
    const first = context.fenced || final.reference !== null ? undefined : sources[0];
    const adopted = first && (await this.adopt(path, first)) ? first.length : 0;
    const rest = adopted > 0 ? sources.slice(1) : sources;
    const handle = await (adopted > 0 ? open(path, 'r+') : created(open(path, 'wx')));
    try {
      await this.copy(handle, rest, { position: adopted, signal: context.signal });
    } catch (error) {
      await this.undo(path, handle, adopted);
      throw error;
    } finally {
      await handle.close();
    }
  }

  private async copy(
    handle: FileHandle,
    sources: readonly ConcatSource[],
    { position, signal }: { position: number; signal: AbortSignal },
  ): Promise<void> {
    const { calls, stored } = this.deps;
    // What lies beyond the end of an adopted partial counts as nothing.
    if (position > 0) await handle.truncate(position);
    const ranges = sources.flatMap(({ upload, start, length }) => stored.ranges(upload, start, length));
    await stitch(ranges, new BlockWriter({ calls, handle, position }), signal);
  }

  /**
   * Gives the file of a partial a second name, so that the others can be written behind its bytes. The partial stays
   * readable: its bytes do not move. False where its bytes have to be copied.
   */
  private async adopt(path: string, { upload, start, length, adoptable }: ConcatSource): Promise<boolean> {
    if (
      !adoptable ||
      upload.kind !== 'partial' ||
      start !== 0 ||
      length === 0 ||
      length !== totalOf(upload)
    ) {
      return false;
    }
    const segments = parseSegments(upload.reference);
    if (segments.length > 1) return false;
    const source = this.deps.work.segment(upload.id, segments[0].epoch);
    const found = await unless(['ENOENT'], stat(source));
    // A second name means that another merge has it.
    if (!found || found.size < length || found.nlink !== 1) return false;
    return (
      (await unless(
        NO_HARD_LINKS,
        this.deps.calls.link(source, path).then(() => true),
      )) ?? false
    );
  }

  private async undo(path: string, handle: FileHandle, adopted: number): Promise<void> {
    // Best effort: what stays counts as nothing, and why the merge failed is what matters.
    if (adopted > 0) await handle.truncate(adopted).catch(() => undefined);
    await unlink(path).catch(() => undefined);
  }
}
