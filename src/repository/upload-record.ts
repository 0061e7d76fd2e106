import type { UploadKind, UploadState } from '../model/upload.js';

/** Whether the bytes of a partial are there, are being freed after a merge, or are freed. */
export type Content = 'stored' | 'releasing' | 'released';

/** Why an upload is a tombstone: deleted by a client (404), past its time or beyond repair (410). */
export type Ending = 'terminated' | 'expired' | 'failed';

/** The row: the only truth about an upload. Times are milliseconds of the database's clock. */
export interface UploadRecord {
  readonly id: string;
  readonly storage: string;
  readonly key: string | null;
  readonly reference: string | null;
  readonly kind: UploadKind;
  readonly protocol: 'tus';
  readonly length: number | null;
  readonly offset: number;
  readonly metadata: string | null;
  readonly concat: string | null;
  readonly state: UploadState;
  readonly ending: Ending | null;
  readonly content: Content;
  /** The final that took the bytes of this partial. */
  readonly consumedBy: string | null;
  /** How many unfinished finals need this upload. */
  readonly pins: number;
  readonly owner: string | null;
  readonly dedupeKey: string | null;
  readonly delivery: 'pending' | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  readonly expiresAt: number | null;
  /** Its time is over by the database's clock, nobody writes to it, and no final needs it (EXP-06, EXP-08). */
  readonly expired: boolean;
  readonly leaseHolder: string | null;
  /** Milliseconds until the lease runs out, by the database's clock at the time of reading; null without a lease. */
  readonly leaseRemaining: number | null;
  readonly epoch: number;
  /** The epoch whose holder last said that it, and everybody before it, had stopped. */
  readonly releasedEpoch: number;
}

/** What creation decides; the rest of the row starts at its default. */
export type NewUpload = Pick<
  UploadRecord,
  'id' | 'storage' | 'key' | 'kind' | 'length' | 'metadata' | 'concat' | 'state' | 'owner' | 'dedupeKey'
> & {
  /** Milliseconds from now until it expires; null for never. */
  readonly expiresIn: number | null;
};

/** How far the time moves at which an upload expires; one that never does goes on so. */
export interface Extension {
  /** Milliseconds from now. */
  readonly by: number;
  /** Milliseconds from the creation of the upload that it does not go beyond. Default: none. */
  readonly maxAge?: number;
}

/**
 * What a holder of the lease may change. `completed` stamps `completedAt`; `delivery` marks the event, and claims it
 * unless it is `unclaimed`, for another process to take; `expiresIn` counts milliseconds from now, null is never;
 * `extend` moves that time, and never shortens it (EXP-04);
 * `fenced` keeps, beyond a release, that a writer before this holder never said that it had stopped.
 */
export interface UploadChange {
  readonly state?: UploadState;
  readonly offset?: number;
  readonly length?: number;
  readonly reference?: string;
  readonly ending?: Ending;
  readonly completed?: true;
  readonly delivery?: 'pending';
  readonly unclaimed?: true;
  readonly expiresIn?: number | null;
  readonly extend?: Extension;
  readonly fenced?: true;
}
