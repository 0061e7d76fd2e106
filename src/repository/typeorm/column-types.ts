import type { Family } from './dialect.js';

/** What TypeORM says of a column, in a schema and in a migration alike. */
export interface ColumnType {
  readonly type: 'varchar' | 'text' | 'mediumtext';
  readonly charset?: string;
  readonly collation?: string;
}

export interface ColumnTypes {
  /** Text of limited length, compared byte by byte. */
  readonly short: ColumnType;
  /** Text of any length; a final's list of a thousand URLs is beyond the 64 KiB of MySQL's `text`. */
  readonly long: ColumnType;
  /** Whether indexes can hold the rows only that their query is about. */
  readonly partialIndexes: boolean;
}

const TYPES: Readonly<Record<Family, ColumnTypes>> = {
  sqlite: { short: { type: 'varchar' }, long: { type: 'text' }, partialIndexes: true },
  postgres: { short: { type: 'varchar', collation: 'C' }, long: { type: 'text' }, partialIndexes: true },
  mysql: {
    short: { type: 'varchar', charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    long: { type: 'mediumtext', charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    partialIndexes: false,
  },
};

export function columnTypes(family: Family): ColumnTypes {
  return TYPES[family];
}
