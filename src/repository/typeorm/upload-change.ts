import type { UploadState } from '../../model/upload.js';
import type { Extension, UploadChange, UploadRecord } from '../upload-record.js';
import { LEASE_MILLISECONDS } from '../upload-repository.js';
import type { SqlValue } from './sql-connection.js';
import type { UploadUpdate } from './upload-update.js';

const GIVE_BACK = 'lease_holder = NULL, lease_expires_at = NULL';

/** Gives the lease back, and says that its holder, and everybody before it, has stopped. */
export const RELEASE = `${GIVE_BACK}, released_epoch = epoch`;

/** States in which a final does not answer to its dedupe key any more. */
const ENDED: readonly UploadState[] = ['failed', 'terminating', 'gone'];

/** A part of a SET list: moves the time at which an upload expires, never back; what never expires goes on so. */
export function extended(now: string, { by, maxAge }: Extension, where = '1 = 1'): string {
  const wanted = `${now} + ${by}`;
  const last = `created_at + ${maxAge}`;
  const until =
    maxAge === undefined ? wanted : `CASE WHEN ${wanted} > ${last} THEN ${last} ELSE ${wanted} END`;
  return `expires_at = CASE WHEN ${where} AND expires_at < ${until} THEN ${until} ELSE expires_at END`;
}

/** The SET list of a change by the holder of the lease. */
export function assignments(
  change: UploadChange,
  release: boolean,
  now: string,
): Pick<UploadUpdate, 'set' | 'given'> {
  const sets = [`updated_at = ${now}`];
  const given: Record<string, SqlValue> = {};
  const set = (column: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    sets.push(`${column} = given_${column}`);
    given[column] = value;
  };
  set('state', change.state);
  set('upload_offset', change.offset);
  set('upload_length', change.length);
  set('reference', change.reference);
  set('ending', change.ending);
  if (change.expiresIn === null) sets.push('expires_at = NULL');
  if (typeof change.expiresIn === 'number') {
    sets.push(`expires_at = ${now} + given_expires_in`);
    given.expires_in = change.expiresIn;
  }
  if (change.extend) sets.push(extended(now, change.extend));
  if (change.completed) sets.push(`completed_at = ${now}`);
  if (change.delivery) {
    set('delivery', change.delivery);
    sets.push(`delivery_until = ${now} + ${change.unclaimed ? 0 : LEASE_MILLISECONDS}`);
  }
  if (change.state && ENDED.includes(change.state)) sets.push('dedupe_key = NULL');
  if (release) sets.push(change.fenced ? GIVE_BACK : RELEASE);
  return { set: sets.join(', '), given };
}

/** The row, if it is what a change by the holder of this epoch would have made of it. */
export function bearing(
  row: UploadRecord | undefined,
  wanted: { readonly epoch: number; readonly change: UploadChange; readonly release: boolean },
): UploadRecord | undefined {
  if (!row || row.epoch !== wanted.epoch) return undefined;
  const { change, release } = wanted;
  const released = row.leaseHolder === null && (change.fenced === true || row.releasedEpoch === row.epoch);
  const same =
    released === release &&
    agrees(change.state, row.state) &&
    agrees(change.offset, row.offset) &&
    agrees(change.length, row.length) &&
    agrees(change.reference, row.reference) &&
    agrees(change.ending, row.ending);
  return same ? row : undefined;
}

function agrees<Value>(wanted: Value | undefined, found: Value): boolean {
  return wanted === undefined || wanted === found;
}
