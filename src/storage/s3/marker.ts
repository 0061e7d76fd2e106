import type { StoredUpload } from '../upload-storage.js';

/**
 * Stands in the metadata of an object: which upload it is, and which of its writers made it, or began the multipart
 * upload that became it. Recovery reads it after a lost answer.
 */
export const MARKER = 'tus-upload';

type Marked = Pick<StoredUpload, 'id' | 'createdAt' | 'epoch'>;

/** With the time of its creation an id that is used again is another upload. */
export function markerOf({ id, createdAt, epoch }: Marked): string {
  return `${id} ${createdAt} ${epoch}`;
}

/** What is known of an object under the key of an upload. */
export interface FoundObject {
  readonly marker: string | undefined;
  readonly length: number | undefined;
}

/** The epoch of the writer that made the object of an upload; undefined for the object of somebody else. */
export function writerOf(marker: string | undefined, upload: Omit<Marked, 'epoch'>): number | undefined {
  const [id, createdAt, epoch] = (marker ?? '').split(' ');
  return id === upload.id && createdAt === String(upload.createdAt) ? Number(epoch) : undefined;
}

/** Also where an application has copied it without its metadata: then only its size tells. */
export function mayBeOf(upload: Omit<Marked, 'epoch'>, marker: string | undefined): boolean {
  return marker === undefined || writerOf(marker, upload) !== undefined;
}

/** Whether it is the object of a complete upload, and not one that has taken its place. */
export function isStill(upload: StoredUpload, { marker, length }: FoundObject): boolean {
  return length === (upload.length ?? upload.offset) && mayBeOf(upload, marker);
}
