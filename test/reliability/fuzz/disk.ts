import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sqlite } from '../../support/rows.js';
import { contentOf, isUntainted } from './model.js';
import type { FuzzUpload, Model } from './model.js';
import { must } from './oracle.js';
import type { RawRequest } from './raw-request.js';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly ending: string | null;
  readonly upload_length: number | null;
  readonly upload_offset: number;
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
    const columns = 'id, kind, state, ending, upload_length, upload_offset, pins';
    return sqlite<Row>(this.directory, `SELECT ${columns} FROM tus_upload`);
  }

  /** There are the uploads that the clients know, with their bytes, and nothing else. */
  async check(models: readonly Model[]): Promise<void> {
    const all = await this.rows();
    const rows = new Map(all.filter(isLiving).map((row) => [row.id, row]));
    const known = models.flatMap(({ living }) => living);
    for (const upload of known) checkRow(upload, rows.get(upload.id));
    const ids = new Set(known.map(({ id }) => id));
    const strays = [...rows.values()].filter(({ id }) => !ids.has(id));
    checkStrays(
      strays,
      models.flatMap(({ unanswered }) => unanswered),
    );
    await this.checkFiles(all);
    for (const upload of known) {
      const complete = rows.get(upload.id)?.state === 'complete' && upload.kind !== 'partial';
      if (!complete || !isUntainted(upload)) continue;
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

  /** Those that have not come to their end. */
  async living(): Promise<Row[]> {
    return (await this.rows()).filter(isLiving);
  }

  /**
   * Every file lies in the folder and belongs to a row, and every complete upload is one object. What a DELETE shortly
   * before the end has left, the next process frees.
   */
  private async checkFiles(all: readonly Row[]): Promise<void> {
    const rows = new Map(all.filter(({ state }) => state !== 'gone').map((row) => [row.id, row]));
    for (const name of await this.stored()) {
      const row = rows.get(name.replace(/^\.tus\/work\//, '').split('.')[0] ?? '');
      must(row !== undefined, `${name} belongs to no upload`);
      must(!row || !isPublished(row) || name === row.id, `${name} is left of an upload that is complete`);
    }
    for (const row of [...rows.values()].filter(isPublished)) {
      const { size } = await stat(join(this.directory, row.id));
      must(size === Number(row.upload_length), `${row.id} has ${size} bytes, not ${row.upload_length}`);
    }
  }

  /** Every file but those of the database, by its path in the folder. */
  private async stored(): Promise<string[]> {
    const entries = await readdir(this.parent, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    const names = files.map((entry) => relative(this.directory, join(entry.parentPath, entry.name)));
    return names.filter((name) => !/^\.tus\/uploads\.sqlite(-wal|-shm|-ballast)?$/.test(name));
  }
}

function isLiving({ ending }: Row): boolean {
  return ending === null;
}

function isPublished({ state, kind }: Row): boolean {
  return state === 'complete' && kind !== 'partial';
}

function checkRow(upload: FuzzUpload, row: Row | undefined): void {
  const { id, kind, low, high } = upload;
  if (!isUntainted(upload) || [upload, ...upload.partials].some(({ doubtful }) => doubtful)) return;
  must(row !== undefined, `the ${kind} ${id} is gone, and nobody has deleted it`);
  if (!row || kind === 'final') return;
  const offset = Number(row.upload_offset);
  must(offset >= low && offset <= high, `${id} stands at ${offset}, not between ${low} and ${high}`);
}

/** Each row that no client knows is of a creation that was not answered; and none of them is of two. */
function checkStrays(rows: readonly Row[], requests: readonly RawRequest[]): void {
  const left = [...requests];
  for (const row of rows) {
    const index = left.findIndex((request) => mayBeOf(row, request));
    must(index >= 0, `no client knows of ${JSON.stringify(row)}`);
    left.splice(index, 1);
  }
}

/** Lengths are mostly different, so they tell the creations apart. */
function mayBeOf({ kind, upload_length }: Row, { fields }: RawRequest): boolean {
  const said = (name: string) =>
    fields.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value);
  const final = said('upload-concat').some((value) => value.includes('final;'));
  if (kind === 'final' || final) return kind === 'final' && final;
  if (upload_length === null) return said('upload-defer-length').length > 0;
  return said('upload-length').some((value) => Number.parseInt(value, 10) === Number(upload_length));
}
