import { UploadError } from '../../model/errors/upload.error.js';

/** What a request asks for, or why it cannot have it. A refusal is a value because it may have to wait its turn. */
export type Parsed<T> =
  | { readonly command: T; readonly refusal?: undefined }
  | { readonly command?: undefined; readonly refusal: UploadError };

/** Runs a parser that throws; a client's fault becomes a value, everything else stays an exception. */
export function parsed<T>(parse: () => T): Parsed<T> {
  try {
    return { command: parse() };
  } catch (error) {
    if (error instanceof UploadError) return { refusal: error };
    throw error;
  }
}
