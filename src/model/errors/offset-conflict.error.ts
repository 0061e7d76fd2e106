import { expiryHeader } from '../expiry-header.js';
import { UploadError } from './upload.error.js';

/** `Upload-Offset` is not where the upload stands; the answer says where it does (CORE-10). */
export class OffsetConflictError extends UploadError {
  readonly status = 409;
  readonly code = 'OFFSET_CONFLICT';
  override readonly headers: Readonly<Record<string, string>>;

  /** `expiresAt`: when the upload expires, in milliseconds since 1970; null for never. */
  constructor(
    readonly offset: number,
    expiresAt: number | null = null,
  ) {
    super(`The upload stands at ${offset}; go on from there.`);
    this.headers = { 'Upload-Offset': String(offset), ...expiryHeader(expiresAt) };
  }
}
