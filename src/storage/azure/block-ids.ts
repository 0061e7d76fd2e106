import { createHash } from 'node:crypto';
import type { Part } from '../../model/part.js';
import type { StoredUpload } from '../upload-storage.js';

/** Bytes of the hash: uploads of one blob, of which there are few, have to differ. */
const HASH_BYTES = 12;
/** Digits of base 36 that hold 2^53. */
const DIGITS = 11;

type Named = Pick<StoredUpload, 'id' | 'createdAt'>;

/**
 * The id of a block, as Azure wants it: in Base64, and of one length for all blocks of a blob. With the epoch in it the
 * blocks of a writer that has lost its right are others than those of its successor, whatever their numbers.
 */
export function blockId(upload: Named, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
  return Buffer.from(`${prefixOf(upload)}-${digits(epoch)}-${digits(number)}`).toString('base64');
}

/** Whether a block is one of the upload. */
export function isBlockOf(upload: Named, id: string): boolean {
  return Buffer.from(id, 'base64')
    .toString('latin1')
    .startsWith(`${prefixOf(upload)}-`);
}

function prefixOf({ id, createdAt }: Named): string {
  const hash = createHash('sha256').update(`${id} ${createdAt}`).digest();
  return hash.toString('base64url', 0, HASH_BYTES);
}

function digits(value: number): string {
  return value.toString(36).padStart(DIGITS, '0');
}
