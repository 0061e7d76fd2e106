import { isUploadId } from '../../model/upload-id.js';

/** A slash, a backslash or a zero byte that hides in an escape: never part of an id, whatever it decodes to. */
const HIDDEN = /%(?:2f|5c|00)/i;

/** The id in a path segment of a URL, percent-decoded once; null if it cannot be one (CORE-28, CON-15). */
export function idFromSegment(segment: string): string | null {
  if (HIDDEN.test(segment)) return null;
  try {
    const id = decodeURIComponent(segment);
    return isUploadId(id) ? id : null;
  } catch {
    return null;
  }
}
