import { StorageError } from '../../model/errors/storage.error.js';

/** What the row of an upload says of its multipart upload. Names of objects follow from the upload itself. */
export interface Reference {
  /** The id of the multipart upload that takes the parts. */
  readonly multipart?: string;
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

export function formatReference({ multipart, doubtful, etag }: Reference): string {
  return JSON.stringify({ multipart, doubtful, etag });
}

function checked(value: unknown): Reference {
  if (typeof value !== 'object' || value === null) throw new TypeError('It is no object.');
  const { multipart, doubtful, etag } = value as Partial<Record<keyof Reference, unknown>>;
  if (multipart !== undefined && typeof multipart !== 'string') throw new TypeError('The id is no text.');
  if (doubtful !== undefined && typeof doubtful !== 'number') throw new TypeError('The time is no number.');
  if (etag !== undefined && typeof etag !== 'string') throw new TypeError('The ETag is no text.');
  return {
    ...(multipart !== undefined && { multipart }),
    ...(doubtful !== undefined && { doubtful }),
    ...(etag !== undefined && { etag }),
  };
}
