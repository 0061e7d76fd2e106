import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoredUpload } from '../upload-storage.js';
import { BlockWriter } from './block-writer.js';
import type { FileCalls } from './file-calls.js';
import { FolderSync } from './folder-sync.js';
import { makeFolder } from './make-folder.js';
import type { LocalSync } from './options.js';
import { foreignObject, lostBytes } from './publish.js';
import type { Publication, Publisher } from './publish.js';
import { lastSegment, parseSegments } from './segments.js';
import type { Segments } from './segments.js';
import { stitch } from './stitch.js';
import { created, unless } from './storage-failure.js';
import { totalOf } from './stored-bytes.js';
import type { StoredBytes } from './stored-bytes.js';
import { checkSize } from './working-files.js';
import type { FileRange, WorkingFiles } from './working-files.js';

export interface CompleterDeps {
  readonly directory: string;
  readonly work: WorkingFiles;
  readonly stored: StoredBytes;
  readonly publisher: Publisher;
  readonly calls: FileCalls;
  readonly sync: LocalSync;
}

/** Makes the bytes of an upload safe and publishes them. The working files stay until the row says complete. */
export class Completer {
  private readonly folders: FolderSync;

  constructor(private readonly deps: CompleterDeps) {
    this.folders = new FolderSync(deps.directory);
  }

  async complete(upload: StoredUpload, secured: boolean): Promise<void> {
    const segments = parseSegments(upload.reference);
    if (upload.kind === 'partial') return secured ? undefined : this.secureSegments(upload, segments);
    const target = this.deps.stored.objectPath(upload);
    if (secured) {
      await this.publish({ upload, target }, this.deps.work.segment(upload.id, segments[0].epoch));
    } else {
      await this.publishOnce({ upload, target }, segments);
    }
    if (this.deps.sync !== 'never') await this.folders.sync(dirname(target));
  }

  /** Publishes, unless a call before this one has. */
  private async publishOnce({ upload, target }: Publication, segments: Segments): Promise<void> {
    // An empty upload gets a file too: by its inode a second call knows the object.
    if (totalOf(upload) === 0) await this.touch(upload, segments);
    const found = await this.deps.publisher.find({ upload, target });
    if (found === 'foreign') throw foreignObject();
    // Without a working file nothing of this upload may ever have come: its row can say `finishing` before the first byte.
    if (found === 'lost' || found === 'unproven') throw lostBytes();
    if (found === 'absent' || found === 'reserved') {
      await this.publish({ upload, target }, await this.wholeFile(upload, segments));
    } else {
      await this.secure({ path: target, position: 0, length: totalOf(upload) }, 'trim');
    }
  }

  private async publish(publication: Publication, file: string): Promise<void> {
    const folder = dirname(publication.target);
    // The directory itself is there since the start.
    if (folder !== this.deps.directory) await makeFolder(folder);
    await this.deps.publisher.publish(publication, file);
  }

  private async secureSegments(upload: StoredUpload, segments: Segments): Promise<void> {
    const ranges = this.deps.work.ranges(upload.id, segments, { start: 0, length: totalOf(upload) });
    for (const range of ranges) await this.secure(range);
  }

  /** The path of one file that holds exactly the bytes of the upload, safe on the disk. */
  private async wholeFile(upload: StoredUpload, segments: Segments): Promise<string> {
    const length = totalOf(upload);
    // A second segment without bytes counts too: the first may still be written to behind its end.
    if (segments.length === 1) {
      const path = this.deps.work.segment(upload.id, segments[0].epoch);
      await this.secure({ path, position: 0, length }, 'trim');
      return path;
    }
    const path = this.deps.work.whole(upload.id, upload.epoch);
    // Whoever left one behind may have written half of it.
    await unless(['ENOENT'], unlink(path));
    const handle = await created(open(path, 'wx'));
    try {
      const target = new BlockWriter({ calls: this.deps.calls, handle, position: 0 });
      await stitch(this.deps.work.ranges(upload.id, segments, { start: 0, length }), target);
      await this.datasync(handle);
    } catch (error) {
      await unlink(path).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
    return path;
  }

  /** Checks that a file has the bytes, cuts off what counts as nothing before it is published, and syncs. */
  private async secure({ path, position, length }: FileRange, trim?: 'trim'): Promise<void> {
    const handle = await open(path, 'r+');
    try {
      const { size } = await handle.stat();
      checkSize(size, position + length);
      if (trim && size > length) await handle.truncate(length);
      await this.datasync(handle);
    } finally {
      await handle.close();
    }
  }

  private async touch(upload: StoredUpload, segments: Segments): Promise<void> {
    const path = this.deps.work.segment(upload.id, lastSegment(segments).epoch);
    await (await created(open(path, 'a'))).close();
  }

  private async datasync(handle: FileHandle): Promise<void> {
    if (this.deps.sync !== 'never') await this.deps.calls.datasync(handle);
  }
}
