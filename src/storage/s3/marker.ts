import type { StoredUpload } from '../upload-storage.js';

/** Stands in the metadata of an object: which upload it is. Recovery reads it after a lost answer. */
export const MARKER = 'tus-upload';

/** With the time of its creation an id that is used again is another upload. */
export function markerOf({ id, createdAt }: Pick<StoredUpload, 'id' | 'createdAt'>): string {
  return `${id} ${createdAt}`;
}

/** What is known of an object under the key of an upload. */
export interface FoundObject {
  readonly marker: string | undefined;
  readonly length: number | undefined;
}

/**
 * Whether it is the object of a complete upload, and not one that has taken its place. An application may have copied it
 * without its metadata: then the size has to do.
 */
export function isStill(upload: StoredUpload, { marker, length }: FoundObject): boolean {
  return length === (upload.length ?? upload.offset) && (marker ?? markerOf(upload)) === markerOf(upload);
}
