import { Metadata } from '../model/metadata.js';
import { field, wholeNumber, type Answer } from './http/answer.js';

/** What a server tells of an upload (HEAD). */
export interface UploadInfo {
  readonly url: string;
  readonly kind: 'single' | 'partial' | 'final';
  /** Bytes that the server has; null for a final that is not merged. */
  readonly offset: number | null;
  /** Bytes in the end; null while nobody has said. */
  readonly length: number | null;
  readonly complete: boolean;
  /** Empty also where the server tells what cannot be read. */
  readonly metadata: Metadata;
  /** Of a final: the URLs of its partials, in the order of the file. */
  readonly partialUrls: readonly string[];
  /** Null if it never expires, or the server does not say. */
  readonly expiresAt: Date | null;
}

export function infoOf(url: string, answer: Answer): UploadInfo {
  const [offset, length] = [wholeNumber(answer, 'Upload-Offset'), wholeNumber(answer, 'Upload-Length')];
  const concat = field(answer, 'Upload-Concat') ?? '';
  const expires = Date.parse(field(answer, 'Upload-Expires') ?? '');
  return {
    url,
    kind: concat === 'partial' ? 'partial' : concat.startsWith('final') ? 'final' : 'single',
    offset,
    length,
    complete: offset !== null && offset === length,
    metadata: metadataOf(answer),
    partialUrls: concat.startsWith('final;')
      ? concat
          .slice('final;'.length)
          .split(' ')
          .filter((reference) => reference !== '')
          .map((reference) => new URL(reference, url).href)
      : [],
    expiresAt: Number.isNaN(expires) ? null : new Date(expires),
  };
}

function metadataOf(answer: Answer): Metadata {
  try {
    return Metadata.parse(field(answer, 'Upload-Metadata'));
  } catch {
    return Metadata.empty;
  }
}
