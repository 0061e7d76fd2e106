import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sqlite } from '../../support/rows.js';
import { contentOf } from './model.js';
import type { FuzzUpload } from './model.js';
import { must } from './oracle.js';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly ending: string | null;
  readonly upload_length: number | null;
  readonly pins: number;
}

/** What a server has stored, read without it. */
export class Disk {
  constructor(
    /** Holds the folder of the uploads, and nothing else. */
    private readonly parent: string,
    private readonly directory: string,
  ) {}

  rows(): Promise<Row[]> {
    const columns = 'id, kind, state, ending, upload_length, pins';
    return sqlite<Row>(this.directory, `SELECT ${columns} FROM tus_upload`);
  }

  /** Every file lies in the folder and belongs to a row, and every complete upload has its bytes. */
  async check(known: readonly FuzzUpload[]): Promise<void> {
    const rows = new Map((await this.rows()).map((row) => [row.id, row]));
    for (const name of await this.stored()) {
      const row = rows.get(name.replace(/^\.tus\/work\//, '').split('.')[0] ?? '');
      must(row !== undefined && row.ending === null, `${name} belongs to no upload`);
    }
    for (const row of rows.values()) {
      if (row.state !== 'complete' || row.kind === 'partial') continue;
      const { size } = await stat(join(this.directory, row.id));
      must(size === Number(row.upload_length), `${row.id} has ${size} bytes, not ${row.upload_length}`);
    }
    for (const upload of known) {
      const complete = rows.get(upload.id)?.state === 'complete' && upload.kind !== 'partial';
      if (!complete || [upload, ...upload.partials].some(({ tainted }) => tainted)) continue;
      const stored = await readFile(join(this.directory, upload.id));
      must(stored.equals(contentOf(upload)), `${upload.id} has other bytes than were sent`);
    }
  }

  /** After everything was deleted: nothing but tombstones, and no file. */
  async checkEmpty(): Promise<void> {
    const left = (await this.rows()).filter(({ state, pins }) => state !== 'gone' || pins !== 0);
    must(left.length === 0, `rows are left: ${JSON.stringify(left)}`);
    const stored = await this.stored();
    must(stored.length === 0, `files are left: ${stored.join(', ')}`);
  }

  /** Every file but those of the database, by its path in the folder. */
  private async stored(): Promise<string[]> {
    const entries = await readdir(this.parent, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    const names = files.map((entry) => relative(this.directory, join(entry.parentPath, entry.name)));
    return names.filter((name) => !/^\.tus\/uploads\.sqlite(-wal|-shm|-ballast)?$/.test(name));
  }
}
