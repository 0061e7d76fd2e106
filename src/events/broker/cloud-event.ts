import type { CompletedUpload } from '../../model/upload.js';

/** The `type` of the event of a completed upload, and the pattern under which it is sent. */
export const UPLOAD_COMPLETED = 'nestjs-tus.upload.completed';

/** What the event of a completed upload says of it, in JSON. */
export interface CompletedUploadData extends Pick<
  CompletedUpload,
  'id' | 'kind' | 'length' | 'rawMetadata' | 'storage' | 'key' | 'owner'
> {
  /** The values of the metadata as text. */
  readonly metadata: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly completedAt: string;
  /** Null for never. */
  readonly expiresAt: string | null;
}

/** A CloudEvents 1.0 object, in the JSON format of its specification (3.1). */
export interface UploadCloudEvent {
  readonly specversion: '1.0';
  /** With `source` the same for each repetition of an event, and for no other. */
  readonly id: string;
  /** Where the upload is, as the publisher was told. */
  readonly source: string;
  readonly type: typeof UPLOAD_COMPLETED;
  /** The id of the upload. */
  readonly subject: string;
  /** When it was completed, RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: CompletedUploadData;
}

export function completedEvent(source: string, upload: CompletedUpload): UploadCloudEvent {
  const { id, kind, length, rawMetadata, storage, key, owner } = upload;
  const time = upload.completedAt.toISOString();
  return {
    specversion: '1.0',
    id: `${id}/completed`,
    source,
    type: UPLOAD_COMPLETED,
    subject: id,
    time,
    datacontenttype: 'application/json',
    data: {
      ...{ id, kind, length, rawMetadata, storage, key, owner },
      metadata: upload.metadata.toObject(),
      createdAt: upload.createdAt.toISOString(),
      completedAt: time,
      expiresAt: upload.expiresAt?.toISOString() ?? null,
    },
  };
}
