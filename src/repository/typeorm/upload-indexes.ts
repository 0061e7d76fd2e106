import type { Family } from './dialect.js';
import { columnTypes } from './column-types.js';

export interface UploadIndex {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: true;
  /** The rows that it holds, where indexes can be partial. */
  readonly where?: string;
}

/** Unique ones need no condition where there are no partial indexes: a key of NULL is equal to none. */
const PARTIAL: readonly UploadIndex[] = [
  { name: 'tus_upload_key', columns: ['storage', 'live_key'], unique: true, where: 'live_key IS NOT NULL' },
  { name: 'tus_upload_dedupe', columns: ['dedupe_key'], unique: true, where: 'dedupe_key IS NOT NULL' },
  {
    name: 'tus_upload_unsettled',
    columns: ['endpoint', 'state', 'updated_at'],
    where: `state NOT IN ('open', 'complete')`,
  },
  { name: 'tus_upload_expiry', columns: ['endpoint', 'expires_at'], where: 'expires_at IS NOT NULL' },
  { name: 'tus_upload_delivery', columns: ['endpoint', 'delivery_until'], where: `delivery = 'pending'` },
  { name: 'tus_upload_releasing', columns: ['endpoint', 'id'], where: `content = 'releasing'` },
  { name: 'tus_upload_consumed', columns: ['consumed_by'], where: 'consumed_by IS NOT NULL' },
];

/**
 * Partial indexes hold only the rows that their query is about, so that creating an ordinary upload writes to the
 * primary key, the key's guard and, if it expires, the expiry alone. Elsewhere the condition becomes a column.
 */
export function uploadIndexes(family: Family): readonly UploadIndex[] {
  if (columnTypes(family).partialIndexes) return PARTIAL;
  return PARTIAL.map(({ where: _where, ...index }) =>
    index.name === 'tus_upload_releasing' ? { ...index, columns: ['endpoint', 'content', 'id'] } : index,
  );
}
