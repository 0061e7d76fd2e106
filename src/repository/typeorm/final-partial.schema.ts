import { EntitySchema } from 'typeorm';
import { columnTypes } from './column-types.js';
import type { Family } from './dialect.js';

/** One entry of a final's ordered list. */
export interface FinalPartialRow {
  final_id: string;
  position: number;
  partial_id: string;
  /** The other final that is pinned for this entry, because it has the bytes of the partial or is taking them. */
  source_id: string | null;
  /** Where the entry begins in the final; known once all lengths are, at the latest when the final is complete. */
  start_offset: number | string | null;
}

export function finalPartialSchema(family: Family): EntitySchema<FinalPartialRow> {
  const { short } = columnTypes(family);
  return new EntitySchema<FinalPartialRow>({
    name: 'TusFinalPartial',
    tableName: 'tus_final_partial',
    columns: {
      final_id: { ...short, length: 255, primary: true },
      position: { type: 'integer', primary: true },
      partial_id: { ...short, length: 255 },
      source_id: { ...short, length: 255, nullable: true },
      start_offset: { type: 'bigint', nullable: true },
    },
    indices: [{ name: 'tus_final_partial_partial', columns: ['partial_id', 'final_id'] }],
  });
}
