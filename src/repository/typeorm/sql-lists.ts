/** Rows a statement names at most: four parameters each stay far below the limit of every database. */
export const ROWS_PER_STATEMENT = 500;

/** `?, ?, ?`: as many placeholders as there are values. An empty IN list is no SQL; none equals NULL. */
export function placeholders(count: number): string {
  if (count === 0) return 'NULL';
  return Array<string>(count).fill('?').join(', ');
}

/** `(?, ?), (?, ?)`: the rows of a VALUES list. */
export function placeholderRows(rows: number, columns: number): string {
  return Array<string>(rows)
    .fill(`(${placeholders(columns)})`)
    .join(', ');
}

/** `ON CONFLICT (a) DO UPDATE SET b = excluded.b`: a row with the same key takes the columns of the new one. */
export function onConflict(key: readonly string[], columns: readonly string[]): string {
  const set = columns.map((name) => `${name} = excluded.${name}`).join(', ');
  return `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set}`;
}

/** Each step of the recursion looks for the next value. */
export function steppedValues(table: string, column: string): string {
  const least = `SELECT MIN(${column}) FROM ${table} WHERE ${column} >`;
  return `WITH RECURSIVE step(value) AS (${least} ?
    UNION ALL SELECT (${least} step.value) FROM step WHERE step.value IS NOT NULL)
    SELECT value FROM step WHERE value IS NOT NULL`;
}

/** Pieces that fit into one statement each. */
export function* statementChunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
    yield items.slice(start, start + ROWS_PER_STATEMENT);
  }
}
