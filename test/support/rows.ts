import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';

type Values = readonly (string | number | null)[];

/** One statement on a connection of its own, past everything that the module does. */
export function sqlite<Row>(directory: string, statement: string, values: Values = []): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const file = join(directory, '.tus', 'uploads.sqlite');
    const database = new sqlite3.Database(file, sqlite3.OPEN_READWRITE);
    database.configure('busyTimeout', 5_000);
    database.all<Row>(statement, [...values], (failure, rows) => {
      database.close(() => (failure ? reject(failure) : resolve(rows)));
    });
  });
}

/** Resolves when the rows that a statement selects are as they should be. */
export async function rowsSay<Row>(
  directory: string,
  statement: string,
  expected: (rows: readonly Row[]) => boolean,
): Promise<void> {
  const watcher = watch(join(directory, '.tus'));
  try {
    for (;;) {
      // Listened to before the rows are read, so that no change is missed.
      const changed = once(watcher, 'change');
      if (expected(await sqlite<Row>(directory, statement))) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

/** Lets leases and the claims of events run out, as five seconds would. */
export async function lapse(directory: string): Promise<void> {
  await sqlite(directory, 'UPDATE tus_upload SET lease_expires_at = 0 WHERE lease_holder IS NOT NULL');
  await sqlite(directory, 'UPDATE tus_upload SET delivery_until = 0 WHERE delivery IS NOT NULL');
  await sqlite(directory, 'UPDATE tus_delivery SET due_at = 0 WHERE due_at IS NOT NULL');
}
