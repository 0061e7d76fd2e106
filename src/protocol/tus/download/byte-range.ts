/** Bytes from `start` to `end`, both included. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * The part that `Range` asks for of so many bytes (RFC 9110, 14.1.2). Undefined for all of them: another unit, several
 * ranges, and what is no range are ignored (GET-06). `unsatisfiable` if there are no such bytes.
 */
export function parseRange(
  value: string | undefined,
  length: number,
): ByteSpan | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = SINGLE_RANGE.exec(value ?? '') ?? [];
  if (first === '') return last === '' ? undefined : suffixOf(length, Number(last));
  const start = Number(first);
  const end = last === '' ? Infinity : Number(last);
  if (end < start) return undefined;
  return start < length ? { start, end: Math.min(end, length - 1) } : 'unsatisfiable';
}

function suffixOf(length: number, bytes: number): ByteSpan | 'unsatisfiable' | undefined {
  if (bytes === 0) return 'unsatisfiable';
  // All of an empty upload, which no Content-Range can tell.
  return length === 0 ? undefined : { start: Math.max(0, length - bytes), end: length - 1 };
}
