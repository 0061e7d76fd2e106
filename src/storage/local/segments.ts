import { StorageError } from '../../model/errors/storage.error.js';

/**
 * A working file and the offset of the upload where it begins. A writer that cannot be sure that its predecessor has
 * stopped opens a new one; the one before counts up to there.
 */
export interface Segment {
  /** The epoch of the writer that opened it; 0 for the first file of an upload. */
  readonly epoch: number;
  readonly start: number;
}

/** Bytes of one segment's file. */
export interface SegmentRange {
  readonly epoch: number;
  /** Where they begin in the file. */
  readonly position: number;
  /** Never 0. */
  readonly length: number;
}

/** At least one, the first at 0, in the order of their starts. */
export type Segments = readonly [Segment, ...Segment[]];

/**
 * The segments that a reference names; without one there is a single file.
 * @throws StorageError of kind `unavailable` for a reference that this storage did not write.
 */
export function parseSegments(reference: string | null): Segments {
  if (reference === null) return [{ epoch: 0, start: 0 }];
  const [first, ...rest] = parsePairs(reference).map(([epoch, start]) => ({ epoch, start }));
  const ordered = rest.every(
    (segment, index) => segment.start > (index === 0 ? 0 : (rest[index - 1]?.start ?? 0)),
  );
  if (first?.start !== 0 || !ordered) throw unknown(reference);
  return [first, ...rest];
}

export function formatSegments(segments: Segments): string {
  return JSON.stringify(segments.map(({ epoch, start }) => [epoch, start]));
}

/** Segments that would count no bytes any more are dropped. */
export function addSegment(segments: Segments, added: Segment): Segments {
  const [first, ...rest] = [...segments.filter((segment) => segment.start < added.start), added];
  return first ? [first, ...rest] : [added];
}

export function lastSegment(segments: Segments): Segment {
  return segments.at(-1) ?? segments[0];
}

/** Where the bytes from `start` up to `end` (not included) of the upload are. */
export function segmentRanges(segments: Segments, start: number, end: number): SegmentRange[] {
  const ranges: SegmentRange[] = [];
  for (const [index, segment] of segments.entries()) {
    const from = Math.max(start, segment.start);
    const to = Math.min(end, segments[index + 1]?.start ?? Infinity);
    if (to > from) ranges.push({ epoch: segment.epoch, position: from - segment.start, length: to - from });
  }
  return ranges;
}

function parsePairs(reference: string): [number, number][] {
  let value: unknown;
  try {
    value = JSON.parse(reference);
  } catch {
    throw unknown(reference);
  }
  if (!Array.isArray(value) || !value.every(isPair)) throw unknown(reference);
  return value;
}

function isPair(value: unknown): value is [number, number] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)
  );
}

function unknown(reference: string): StorageError {
  const shown = JSON.stringify(reference.slice(0, 80));
  return new StorageError('unavailable', `The reference ${shown} was not written by the local storage.`);
}
