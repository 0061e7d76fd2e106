/** What stands between the slashes of a path; undefined if it does not begin with one. `/` is one empty segment. */
export function segmentsOf(path: string): readonly string[] | undefined {
  return path.startsWith('/') ? path.slice(1).split('/') : undefined;
}

/** Whether two segments are the same to a router: percent-decoded once, and without case where it does not look at it. */
export function sameSegment(one: string, other: string | undefined, caseSensitive: boolean): boolean {
  if (other === undefined) return false;
  if (one === other) return true;
  const [left, right] = [decoded(one), decoded(other)];
  return caseSensitive ? left === right : left.toLowerCase() === right.toLowerCase();
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
