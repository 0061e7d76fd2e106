import { UploadTooLargeError } from '../model/errors/upload-too-large.error.js';
import type { UploadDeps } from './upload-deps.js';

/** Bytes that the upload of a call may have at most; undefined for no limit. */
export function limitOf({ settings }: UploadDeps, call: { readonly maxSize?: number }): number | undefined {
  return call.maxSize ?? settings.maxSize;
}

/** @throws UploadTooLargeError for a size beyond the limit (CRE-08) */
export function checkSize(size: number, limit: number | undefined): void {
  if (limit !== undefined && size > limit) throw new UploadTooLargeError(limit);
}
