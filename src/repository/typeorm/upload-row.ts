import type { UploadKind, UploadState } from '../../model/upload.js';
import type { Dialect } from './dialect.js';
import type { Content, Ending, UploadRecord } from '../upload-record.js';

/** Some drivers hand over a `bigint` column as text. */
type BigInteger = number | string;

/** A row of `tus_upload`, as the database names things. */
export interface UploadRow {
  id: string;
  endpoint: string;
  storage: string;
  storage_key: string | null;
  /** A digest of the key while the upload lives: unique. A tombstone keeps its key, for its event, but not this. */
  live_key: string | null;
  reference: string | null;
  kind: UploadKind;
  protocol: 'tus';
  upload_length: BigInteger | null;
  upload_offset: BigInteger;
  metadata: string | null;
  upload_concat: string | null;
  state: UploadState;
  ending: Ending | null;
  content: Content;
  consumed_by: string | null;
  pins: number;
  owner: string | null;
  dedupe_key: string | null;
  delivery: 'pending' | null;
  delivery_until: BigInteger | null;
  created_at: BigInteger;
  updated_at: BigInteger;
  completed_at: BigInteger | null;
  expires_at: BigInteger | null;
  lease_holder: string | null;
  lease_expires_at: BigInteger | null;
  epoch: number;
  released_epoch: number;
}

type UploadValues = Omit<UploadRow, 'endpoint' | 'live_key' | 'delivery_until' | 'lease_expires_at'> & {
  lease_remaining: BigInteger | null;
  expired: BigInteger;
};

/** A row that a statement selects or returns; only `toRecord` knows what it looks like. */
export type SelectedUpload = UploadValues | { readonly packed: string };

const SELECTED = [
  'id',
  'storage',
  'storage_key',
  'reference',
  'kind',
  'protocol',
  'upload_length',
  'upload_offset',
  'metadata',
  'upload_concat',
  'state',
  'ending',
  'content',
  'consumed_by',
  'pins',
  'owner',
  'dedupe_key',
  'delivery',
  'created_at',
  'updated_at',
  'completed_at',
  'expires_at',
  'lease_holder',
  'epoch',
  'released_epoch',
] as const satisfies readonly (keyof UploadValues)[];

/** The list of a SELECT or RETURNING that `toRecord` reads; `table` is put before each column. */
export function uploadColumns({ now, packs }: Pick<Dialect, 'now' | 'packs'>, table?: string): string {
  const selected = Object.entries(selection(now, table));
  if (packs) return `json_array(${selected.map(([, expression]) => expression).join(', ')}) AS packed`;
  return selected.map(([name, expression]) => `${expression} AS ${name}`).join(', ');
}

/** Expressions by the names under which they are selected. */
function selection(now: string, table?: string): Readonly<Record<keyof UploadValues, string>> {
  const prefix = table ? `${table}.` : '';
  const columns = Object.fromEntries(SELECTED.map((column) => [column, prefix + column]));
  return {
    ...(columns as Record<(typeof SELECTED)[number], string>),
    lease_remaining: `CASE WHEN ${prefix}lease_holder IS NULL THEN NULL ELSE ${prefix}lease_expires_at - ${now} END`,
    expired: `CASE WHEN ${overdue(now, prefix)} THEN 1 ELSE 0 END`,
  };
}

const NAMES = Object.keys(selection(''));

function unpacked(packed: string): UploadValues {
  const values = JSON.parse(packed) as unknown[];
  const row: Record<string, unknown> = {};
  for (const [index, name] of NAMES.entries()) row[name] = values[index];
  return row as unknown as UploadValues;
}

/**
 * The condition under which an upload is past its time: a body in flight may end, what a final needs stays, and what
 * is being published or merged goes on (EXP-06, EXP-08).
 */
export function overdue(now: string, prefix = ''): string {
  return `(${prefix}expires_at IS NOT NULL AND ${prefix}expires_at <= ${now}
    AND ${prefix}state IN ('open', 'pending', 'complete') AND ${prefix}pins = 0
    AND (${prefix}lease_holder IS NULL OR ${prefix}lease_expires_at <= ${now}))`;
}

export function toRecord(selected: SelectedUpload): UploadRecord {
  const row = 'packed' in selected ? unpacked(selected.packed) : selected;
  return {
    id: row.id,
    storage: row.storage,
    key: row.storage_key,
    reference: row.reference,
    kind: row.kind,
    protocol: row.protocol,
    length: toNumber(row.upload_length),
    offset: Number(row.upload_offset),
    metadata: row.metadata,
    concat: row.upload_concat,
    state: row.state,
    ending: row.ending,
    content: row.content,
    consumedBy: row.consumed_by,
    pins: row.pins,
    owner: row.owner,
    dedupeKey: row.dedupe_key,
    delivery: row.delivery,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    completedAt: toNumber(row.completed_at),
    expiresAt: toNumber(row.expires_at),
    expired: Number(row.expired) === 1,
    leaseHolder: row.lease_holder,
    leaseRemaining: toNumber(row.lease_remaining),
    epoch: row.epoch,
    releasedEpoch: row.released_epoch,
  };
}

export function toRecords(rows: readonly SelectedUpload[]): Map<string, UploadRecord> {
  return new Map(rows.map(toRecord).map((record) => [record.id, record]));
}

/** Also for other numbers that the database computes from `bigint` columns. */
export function toNumber(value: BigInteger | null): number | null {
  return value === null ? null : Number(value);
}
