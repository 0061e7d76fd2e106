/** Where each entry of a list begins in the final; undefined while one of them has not said its length. */
export function startsOf(lengths: readonly (number | null)[]): readonly number[] | undefined {
  const starts: number[] = [];
  let start = 0;
  for (const length of lengths) {
    if (length === null) return undefined;
    starts.push(start);
    start += length;
  }
  return starts;
}
