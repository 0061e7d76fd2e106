import { EntitySchema } from 'typeorm';
import { columnTypes } from './column-types.js';
import type { Family } from './dialect.js';

/** One part of an upload, as the database names things. */
export interface PartRow {
  upload_id: string;
  number: number;
  epoch: number;
  start_offset: number | string;
  length: number | string;
  tag: string | null;
  /** 1 for a remainder, 0 for a part. */
  tail: number;
}

export function partSchema(family: Family): EntitySchema<PartRow> {
  const { short } = columnTypes(family);
  return new EntitySchema<PartRow>({
    name: 'TusPart',
    tableName: 'tus_part',
    columns: {
      upload_id: { ...short, length: 255, primary: true },
      number: { type: 'integer', primary: true },
      epoch: { type: 'integer' },
      start_offset: { type: 'bigint' },
      length: { type: 'bigint' },
      tag: { ...short, length: 1024, nullable: true },
      tail: { type: 'integer' },
    },
  });
}
