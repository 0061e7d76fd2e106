export interface Range {
  readonly start: number;
  /** The first byte that does not belong to it. */
  readonly end: number;
}

/** Cuts a file as tus-js-client does: equal ranges, and what cannot be divided goes to the last one. */
export function split(size: number, count: number): Range[] {
  const each = Math.floor(size / count);
  return Array.from({ length: count }, (_, index) => ({
    start: each * index,
    end: index === count - 1 ? size : each * (index + 1),
  }));
}
