import { sha256Of } from '../../support/content.js';
import type { StoreApp } from '../../support/store-app.js';
import type { Known } from './scenarios.js';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly pins: number;
  readonly content: string;
  readonly storage_key: string | null;
  readonly upload_length: number | null;
  readonly upload_offset: number;
  readonly metadata: string | null;
}

/** Compares rows and bucket with what clients know, once nothing changes any more; a sentence for each thing that is wrong. */
export async function findings<Kind extends string>(
  app: StoreApp<Kind>,
  { complete, ended, contents }: Known,
): Promise<string[]> {
  const rows = await app.rows<Row>('SELECT * FROM tus_upload');
  const parts = await app.rows<{ upload_id: string }>('SELECT DISTINCT upload_id FROM tus_part');
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  const objects = rows.filter(({ state, kind }) => state === 'complete' && kind !== 'partial');
  const expected = objects.map(({ storage_key }) => storage_key);
  const found = await app.bucket.leftovers();
  return [
    ...rows.flatMap(ofRow),
    ...complete.filter((id) => states.get(id) !== 'complete').map((id) => `${id} is ${states.get(id)}`),
    ...ended.filter((id) => states.get(id) !== 'gone').map((id) => `${id} is ${states.get(id)}, not gone`),
    ...parts.map(({ upload_id }) => `parts of ${upload_id} are on record`),
    ...found.filter((key) => !expected.includes(key)).map((key) => `${key} is left in the bucket`),
    ...(await ofObjects(app, objects, contents)),
  ];
}

function ofRow(row: Row): string[] {
  const named = `${row.kind} ${row.id} (${row.state})`;
  const rested =
    row.state === 'gone' || (row.state === 'complete' && row.upload_offset === row.upload_length);
  return [
    ...(rested ? [] : [`${named} stands at ${row.upload_offset} of ${String(row.upload_length)}`]),
    ...(row.pins === 0 ? [] : [`${named} has pins`]),
    ...(row.content === 'releasing' ? [`${named} has bytes that were not freed`] : []),
  ];
}

async function ofObjects(
  app: Pick<StoreApp<never>, 'hashOf'>,
  rows: readonly Row[],
  contents: Known['contents'],
): Promise<string[]> {
  const found: string[] = [];
  for (const { id, storage_key, metadata } of rows) {
    const sent = contents.get(Buffer.from(metadata?.split(' ')[1] ?? '', 'base64').toString());
    const hash = await app.hashOf(storage_key ?? '').catch(String);
    if (!sent || hash !== (await sha256Of([sent])))
      found.push(`the bytes of ${id} are not what was sent: ${hash}`);
  }
  return found;
}
