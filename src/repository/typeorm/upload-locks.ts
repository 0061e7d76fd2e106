import type { SqlSession } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';

/**
 * Locks rows until the end of the transaction, always in the order of their ids, so that two transactions that need
 * the same rows wait for each other instead of ending in a deadlock.
 */
export async function lockUploads(session: SqlSession, ids: Iterable<string>): Promise<void> {
  if (session.dialect.lock === '') return;
  for (const chunk of statementChunks([...new Set(ids)].sort())) {
    await session.query(
      `SELECT id FROM tus_upload WHERE id IN (${placeholders(chunk.length)}) ORDER BY id ${session.dialect.lock}`,
      chunk,
    );
  }
}

/** Locks a final with all that its end changes: what it pins, and the partials whose bytes it has. */
export async function lockFinal(session: SqlSession, finalId: string): Promise<void> {
  if (session.dialect.lock === '') return;
  const consumed = await session.query<{ id: string }>('SELECT id FROM tus_upload WHERE consumed_by = ?', [
    finalId,
  ]);
  const needed = await neededBy(session, finalId);
  await lockUploads(session, [finalId, ...needed, ...consumed.map(({ id }) => id)]);
}

/** Each upload that a final needs, once: its partials, and the finals that have bytes of theirs. */
export async function neededBy(session: SqlSession, finalId: string): Promise<string[]> {
  const rows = await session.query<{ needed: string }>(
    `SELECT partial_id AS needed FROM tus_final_partial WHERE final_id = ?
    UNION SELECT source_id AS needed FROM tus_final_partial WHERE final_id = ? AND source_id IS NOT NULL`,
    [finalId, finalId],
  );
  return rows.map(({ needed }) => needed).sort();
}
