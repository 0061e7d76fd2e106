import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sqlite } from '../../support/rows.js';

/** What the clients know. */
export interface Evidence {
  readonly directory: string;
  /** By the name that an upload has in its metadata: the SHA-256 of what was sent under it. */
  readonly contents: ReadonlyMap<string, string>;
  /** Ids that have to be complete now. */
  readonly complete: readonly string[];
  /** Ids that have to be gone now. */
  readonly ended: readonly string[];
  /** Ids that the completion hook was called with. */
  readonly announced: readonly string[];
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly ending: string | null;
  readonly content: string;
  readonly pins: number;
  readonly storage_key: string | null;
  readonly upload_length: number | null;
  readonly upload_offset: number;
  readonly metadata: string | null;
  readonly lease_holder: string | null;
  readonly delivery: string | null;
  readonly completed_at: number | null;
}

/**
 * Compares rows, files and announcements with what clients know, once everything has come to its end. It shares
 * nothing with the module; a sentence for each thing that is wrong.
 */
export async function findings(evidence: Evidence): Promise<string[]> {
  const { directory } = evidence;
  const rows = await sqlite<Row>(directory, 'SELECT * FROM tus_upload');
  return [
    ...rows.flatMap(ofRow),
    ...ofKnown(rows, evidence),
    ...ofAnnounced(rows, evidence),
    ...(await ofLists(directory)),
    ...(await ofFiles(rows, evidence)),
  ];
}

function ofRow(row: Row): string[] {
  const found: string[] = [];
  const say = (problem: string) => found.push(`${row.kind} ${row.id} (${row.state}) ${problem}`);
  if (!['complete', 'gone'].includes(row.state)) say('has not come to its end');
  // A final that no client was told of may fail; its partials are as before (CON-31).
  if (row.ending === 'failed' && row.kind !== 'final') say('has failed');
  if (row.pins !== 0) say(`has ${row.pins} pins`);
  if (row.lease_holder !== null) say('has a lease');
  if (row.delivery !== null) say('has an event that was not delivered');
  if (row.content === 'releasing') say('has bytes that were not freed');
  if (row.state === 'complete' && row.upload_offset !== row.upload_length) {
    say(`stands at ${row.upload_offset} of ${String(row.upload_length)}`);
  }
  return found;
}

function ofKnown(rows: readonly Row[], { complete, ended }: Evidence): string[] {
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  return [
    ...complete.filter((id) => states.get(id) !== 'complete').map((id) => `${id} is not complete`),
    ...ended.filter((id) => (states.get(id) ?? 'gone') !== 'gone').map((id) => `${id} is not gone`),
  ];
}

/** At least once for what was ever complete (promise 5), never for a partial. */
function ofAnnounced(rows: readonly Row[], { announced }: Evidence): string[] {
  const told = new Set(announced);
  const due = rows.filter(({ kind, completed_at }) => kind !== 'partial' && completed_at !== null);
  const known = new Set(due.map(({ id }) => id));
  return [
    ...due.filter(({ id }) => !told.has(id)).map(({ id }) => `${id} was not announced`),
    ...[...told].filter((id) => !known.has(id)).map((id) => `${id} was announced, and should not have been`),
  ];
}

async function ofLists(directory: string): Promise<string[]> {
  const orphans = await sqlite<{ final_id: string }>(
    directory,
    'SELECT DISTINCT final_id FROM tus_final_partial WHERE final_id NOT IN (SELECT id FROM tus_upload)',
  );
  const parts = await sqlite<{ upload_id: string }>(
    directory,
    'SELECT DISTINCT upload_id FROM tus_part WHERE upload_id NOT IN (SELECT id FROM tus_upload)',
  );
  return [
    ...orphans.map(({ final_id }) => `a list is left of final ${final_id}, which has no row`),
    ...parts.map(({ upload_id }) => `parts are left of upload ${upload_id}, which has no row`),
  ];
}

async function ofFiles(rows: readonly Row[], { directory, contents }: Evidence): Promise<string[]> {
  const found: string[] = [];
  const objects = new Set((await readdir(directory)).filter((name) => name !== '.tus'));
  for (const { id, kind, state, storage_key, metadata } of rows) {
    if (state !== 'complete' || kind === 'partial' || storage_key === null) continue;
    if (!objects.delete(storage_key)) {
      found.push(`${kind} ${id} is complete and has no object`);
      continue;
    }
    const bytes = await readFile(join(directory, storage_key));
    if (createHash('sha256').update(bytes).digest('hex') !== contents.get(nameIn(metadata))) {
      found.push(`the ${bytes.length} bytes of ${kind} ${id} (${nameIn(metadata)}) are not what was sent`);
    }
  }
  const work = await readdir(join(directory, '.tus', 'work'));
  return [
    ...found,
    ...[...objects].map((name) => `an object is left that no row knows: ${name}`),
    ...work.map((name) => `a working file is left: ${name}`),
  ];
}

function nameIn(metadata: string | null): string {
  const [, value = ''] = /^job (\S+)/.exec(metadata ?? '') ?? [];
  return Buffer.from(value, 'base64').toString();
}

/** The metadata that says under which name an upload's bytes are known. */
export function metadataFor(name: string): string {
  return `job ${Buffer.from(name).toString('base64')}`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
