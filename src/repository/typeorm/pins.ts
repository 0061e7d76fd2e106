import type { Dialect } from './dialect.js';
import type { Query } from './sql-connection.js';

/** Each upload that a final needs, once: its partials, and the finals that have bytes of theirs. */
const NEEDED = `SELECT partial_id FROM tus_final_partial WHERE final_id = ?
  UNION SELECT source_id FROM tus_final_partial WHERE final_id = ? AND source_id IS NOT NULL`;

/** Pins what the list of a new final names. Call it once, in the transaction that inserts the final. */
export async function pin(query: Query, dialect: Dialect, finalId: string): Promise<void> {
  const statement = `UPDATE tus_upload SET pins = pins + 1 WHERE id IN (${NEEDED})`;
  await query(dialect.changing(statement), [finalId, finalId]);
}

/** Takes back exactly what `pin` did. Call it once, in the transaction that ends the need. */
export async function unpin(query: Query, dialect: Dialect, finalId: string): Promise<void> {
  const statement = `UPDATE tus_upload SET pins = pins - 1 WHERE id IN (${NEEDED})`;
  await query(dialect.changing(statement), [finalId, finalId]);
}
