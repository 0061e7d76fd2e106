import { Metadata } from '../model/metadata.js';
import { isCompleted } from '../model/upload.js';
import type { CompletedUpload, Upload } from '../model/upload.js';
import type { UploadRecord } from './upload-record.js';

/** What an application may see of a row. */
export function toUpload(record: UploadRecord): Upload {
  return Object.freeze({
    id: record.id,
    kind: record.kind,
    state: record.state,
    offset: record.offset,
    length: record.length,
    metadata: Metadata.parse(record.metadata),
    rawMetadata: record.metadata,
    concat: record.concat,
    storage: record.storage,
    key: record.key,
    owner: record.owner,
    createdAt: new Date(record.createdAt),
    completedAt: record.completedAt === null ? null : new Date(record.completedAt),
    expiresAt: record.expiresAt === null ? null : new Date(record.expiresAt),
  });
}

/** The same for a row that is complete and not a partial; undefined for any other. */
export function toCompletedUpload(record: UploadRecord): CompletedUpload | undefined {
  const upload = toUpload(record);
  return isCompleted(upload) ? upload : undefined;
}
