import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { launchScript } from './node-script.mjs';
import { create } from './tus-request.mjs';

/**
 * Puts so many uploads on record in a folder of nestjs-tus: one is made by the server, which also makes the tables, and
 * its row is copied, with names of its own, straight into the file.
 */
export async function fillRows(directory, count) {
  const { child, port, path } = await launchScript('nestjs-tus', { directory });
  await create({ address: { host: '127.0.0.1', port }, path }, 1024);
  const exited = once(child, 'exit');
  child.kill();
  await exited;
  const database = new DatabaseSync(join(directory, 'uploads.sqlite'));
  const columns = database
    .prepare('PRAGMA table_info(tus_upload)')
    .all()
    .map(({ name }) => name);
  const values = columns.map((name) => (NAMES.has(name) ? `printf('%032x', number)` : name));
  database.exec('PRAGMA synchronous = OFF');
  database
    .prepare(
      `WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
       INSERT INTO tus_upload (${columns.join()})
       SELECT ${values.join()} FROM (SELECT * FROM tus_upload LIMIT 1) CROSS JOIN numbers`,
    )
    .run(count - 1);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

/** What no two uploads share. */
const NAMES = new Set(['id', 'storage_key', 'live_key']);

/** The name of one of the copied rows, from 1 on. */
export function rowName(number) {
  return number.toString(16).padStart(32, '0');
}
