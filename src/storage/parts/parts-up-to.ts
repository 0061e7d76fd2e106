import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';

/**
 * The parts that hold the bytes from 0 up to `offset`, in order. Of several at one place the one of the newest writer
 * counts: under an older one may lie bytes that did not verify, or whose offset was never told.
 * @throws StorageError of kind `missing` if they do not arrive exactly at the offset
 */
export function partsUpTo(parts: readonly Part[], offset: number): readonly Part[] {
  const newest = new Map<number, Part>();
  for (const part of parts) {
    const other = newest.get(part.start);
    if (mayCount(part, offset) && (!other || isNewer(part, other))) newest.set(part.start, part);
  }
  const path: Part[] = [];
  let position = 0;
  while (position < offset) {
    const part = newest.get(position);
    if (!part) throw new StorageError('missing', `No part on record holds the byte ${position}.`);
    path.push(part);
    position += part.length;
  }
  return path;
}

/** The same; undefined if the last ones never got there. */
export function partsReaching(parts: readonly Part[], length: number): readonly Part[] | undefined {
  try {
    return partsUpTo(parts, length);
  } catch (error) {
    if (error instanceof StorageError && error.kind === 'missing') return undefined;
    throw error;
  }
}

/**
 * The part, or the tail, that counts and ends at an offset: the one of the newest writer.
 * @throws StorageError of kind `missing` if there is none
 */
export function partEndingAt(parts: readonly Part[], offset: number): Part {
  const [first, ...others] = parts.filter(
    ({ start, length, tag }) => tag !== null && length > 0 && start + length === offset,
  );
  if (!first) throw new StorageError('missing', `No part on record ends at the byte ${offset}.`);
  return others.reduce((newest, part) => (isNewer(part, newest) ? part : newest), first);
}

/** A tail is the end of what was stored, or it has been taken up by a part. */
function mayCount({ start, length, tag, tail }: Part, offset: number): boolean {
  const end = start + length;
  return tag !== null && length > 0 && (tail ? end === offset : end <= offset);
}

function isNewer(part: Part, other: Part): boolean {
  return part.epoch === other.epoch ? part.number > other.number : part.epoch > other.epoch;
}
