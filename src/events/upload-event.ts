import type { CompletedUpload, Upload } from '../model/upload.js';

interface About<Type extends string, Subject extends Upload = Upload> {
  readonly type: Type;
  /** As it is after what happened. */
  readonly upload: Subject;
}

/** The upload is on record: its client may be told of it. Bytes of its POST may still be on their way. */
export type UploadCreatedEvent = About<'created'>;

/** So many bytes are stored, `upload.offset`. */
export type UploadProgressEvent = About<'progress'>;

/** The object is there under its key, and the client may be told. */
export type UploadCompletedEvent<Completed extends Upload = CompletedUpload> = About<'completed', Completed>;

/** It was deleted: by a client, or through `UploadService`. */
export type UploadTerminatedEvent = About<'terminated'>;

/** Its time is over. */
export type UploadExpiredEvent = About<'expired'>;

/** It can never be completed: bytes are lost, its key is taken, or it was refused. */
export interface UploadFailedEvent extends About<'failed'> {
  /** One sentence, for people. */
  readonly reason: string;
}

/** What happens to uploads, told apart by `type`. Frozen. With partials among them `Completed` is `Upload`. */
export type UploadEvent<Completed extends Upload = CompletedUpload> =
  | UploadCreatedEvent
  | UploadProgressEvent
  | UploadCompletedEvent<Completed>
  | UploadTerminatedEvent
  | UploadExpiredEvent
  | UploadFailedEvent;

export type UploadEventType = UploadEvent['type'];
