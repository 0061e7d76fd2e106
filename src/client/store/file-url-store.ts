import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { UploadRecord, UrlStore } from './url-store.js';

/**
 * Remembers uploads in a folder, a file for each: several processes may use it at once without a lock, and a crash
 * leaves each file as it was before or as it was to be.
 */
export class FileUrlStore implements UrlStore {
  private readonly directory: string;

  /** @param directory is made when the first upload is remembered. URLs of uploads may be secrets: mind who can read it. */
  constructor(directory: string) {
    this.directory = resolve(directory);
  }

  async find(fingerprint: string): Promise<UploadRecord[]> {
    const names = await readdir(this.directory).catch(emptyIfMissing);
    const fitting = names.filter((name) => name.startsWith(`${fingerprint}.`) && name.endsWith('.json'));
    const read = await Promise.all(fitting.map((name) => this.read(name)));
    return read.filter((record) => record !== undefined);
  }

  async save(record: UploadRecord): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const path = this.pathOf(record);
    // What a crash leaves under this name does not end like a record, and goes with the record.
    const draft = `${path}.${process.pid}.draft`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  }

  async remove(record: UploadRecord): Promise<void> {
    const path = this.pathOf(record);
    await rm(path, { force: true });
    const names = await readdir(this.directory).catch(emptyIfMissing);
    const drafts = names
      .map((name) => join(this.directory, name))
      .filter((name) => name.startsWith(`${path}.`));
    await Promise.all(drafts.map((draft) => rm(draft, { force: true })));
  }

  private pathOf({ fingerprint, id }: UploadRecord): string {
    return join(this.directory, `${fingerprint}.${id}.json`);
  }

  /** Undefined for one that another process has removed meanwhile. */
  private async read(name: string): Promise<UploadRecord | undefined> {
    const text = await readFile(join(this.directory, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as UploadRecord);
  }
}

function emptyIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
