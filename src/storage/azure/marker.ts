import type { StoredUpload } from '../upload-storage.js';

/** Stands in the metadata of a blob: which upload it is, and which of its writers made it. Recovery reads it after a lost answer. */
export const MARKER = 'tus_upload';

type Marked = Pick<StoredUpload, 'id' | 'createdAt' | 'epoch'>;

interface WithMetadata {
  readonly metadata: Readonly<Record<string, string>>;
}

/** With the time of its creation an id that is used again is another upload. */
export function markerOf({ id, createdAt, epoch }: Marked): string {
  return `${id} ${createdAt} ${epoch}`;
}

/** The epoch of the writer that made the blob of an upload; undefined for the blob of somebody else. */
export function writerOf({ metadata }: WithMetadata, upload: Omit<Marked, 'epoch'>): number | undefined {
  const [id, createdAt, epoch] = (metadata[MARKER] ?? '').split(' ');
  return id === upload.id && createdAt === String(upload.createdAt) ? Number(epoch) : undefined;
}

/**
 * Whether it is the blob of a complete upload, and not one that has taken its place. An application may have copied it
 * without its metadata: then the size has to do.
 */
export function isStill(blob: WithMetadata & { readonly length: number }, upload: StoredUpload): boolean {
  const ours = blob.metadata[MARKER] === undefined || writerOf(blob, upload) !== undefined;
  return ours && blob.length === (upload.length ?? upload.offset);
}
