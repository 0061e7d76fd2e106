import type { SqlSession } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';
import { neededBy } from './upload-locks.js';

/** Pins what the list of a new final names. Call it once, in the transaction that inserts the final. */
export async function pin(session: SqlSession, finalId: string): Promise<void> {
  await movePins(session, finalId, 'pins + 1');
}

/** Takes back exactly what `pin` did. Call it once, in the transaction that ends the need. */
export async function unpin(session: SqlSession, finalId: string): Promise<void> {
  await movePins(session, finalId, 'pins - 1');
}

/** The ids are read first: as a subquery of the UPDATE they would cost MySQL a look at every upload. */
async function movePins(session: SqlSession, finalId: string, pins: string): Promise<void> {
  for (const chunk of statementChunks(await neededBy(session, finalId))) {
    await session.change(
      `UPDATE tus_upload SET pins = ${pins} WHERE id IN (${placeholders(chunk.length)})`,
      chunk,
    );
  }
}
