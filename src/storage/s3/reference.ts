import { StorageError } from '../../model/errors/storage.error.js';

/** What the row of an upload says of its multipart upload. Names of objects follow from the upload itself. */
export interface Reference {
  /** The id of the multipart upload that takes the parts. */
  readonly multipart?: string;
  /** Of the writer that began it: the marker of its object has this one, whoever completes it. */
  readonly epoch?: number;
  /**
   * Milliseconds since 1970: since then multipart uploads may have been created whose ids are not on record. Only
   * while this is set has the store to be asked for them.
   */
  readonly doubtful?: number;
  /** Of the object of a partial that is complete, where the store has said it: a merge copies nothing else. */
  readonly etag?: string;
}

/** @throws StorageError of kind `missing` for the words of another storage */
export function parseReference(text: string | null): Reference {
  if (text === null) return {};
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    throw new StorageError('missing', 'The reference of the upload is not one of S3Storage.', {
      cause: error,
    });
  }
}

export function formatReference({ multipart, epoch, doubtful, etag }: Reference): string {
  return JSON.stringify({ multipart, epoch, doubtful, etag });
}

/** The epoch that the marker of a multipart upload has. One without it is of a time that had none. */
export function begunBy(reference: string | null): number {
  return parseReference(reference).epoch ?? 0;
}

function checked(value: unknown): Reference {
  if (typeof value !== 'object' || value === null) throw new TypeError('It is no object.');
  const { multipart, epoch, doubtful, etag } = value as Partial<Record<keyof Reference, unknown>>;
  if (multipart !== undefined && typeof multipart !== 'string') throw new TypeError('The id is no text.');
  if (epoch !== undefined && typeof epoch !== 'number') throw new TypeError('The epoch is no number.');
  if (doubtful !== undefined && typeof doubtful !== 'number') throw new TypeError('The time is no number.');
  if (etag !== undefined && typeof etag !== 'string') throw new TypeError('The ETag is no text.');
  return {
    ...(multipart !== undefined && { multipart }),
    ...(epoch !== undefined && { epoch }),
    ...(doubtful !== undefined && { doubtful }),
    ...(etag !== undefined && { etag }),
  };
}
