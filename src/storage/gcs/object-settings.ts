import { settingReader } from '../parts/upload-settings.js';
import type { ObjectUpload, OfUpload } from '../parts/upload-settings.js';
import type { StoredUpload } from '../upload-storage.js';

/** An upload whose object is about to be made. The key of a partial is null. */
export type GcsUpload = ObjectUpload;

/**
 * What finished objects are stored with: each a value, or a function of the upload. The key of KMS holds for the objects
 * of unfinished uploads too.
 */
export interface GcsObjectSettings {
  /**
   * The media type under which the object is served from the bucket. What clients say of their files is not to be
   * trusted: `text/html` runs scripts.
   * @default application/octet-stream
   */
  readonly contentType?: OfUpload<string>;
  /** `Content-Disposition` of the object. Characters beyond ASCII have to be encoded by RFC 6266. */
  readonly contentDisposition?: OfUpload<string>;
  /** `Cache-Control` of the object. */
  readonly cacheControl?: OfUpload<string>;
  /** Metadata of the object, 8,032 bytes in all. The name `tus-upload` is taken. */
  readonly metadata?: OfUpload<Readonly<Record<string, string>>>;
  /** The `customTime` of the object, which rules of its life cycle can count from. */
  readonly customTime?: OfUpload<Date>;
  /**
   * The storage class, such as `'NEARLINE'`. What is made of several parts, or of partials, is rewritten into it by the
   * store, and then appears under its key.
   */
  readonly storageClass?: OfUpload<string>;
  /** The key of Cloud KMS that encrypts: `projects/…/locations/…/keyRings/…/cryptoKeys/…`. */
  readonly kmsKeyName?: OfUpload<string>;
}

/** Stands in the metadata of an object: which upload it is. Recovery reads it after a lost answer. */
export const MARKER = 'tus-upload';

type Writer = Pick<StoredUpload, 'id' | 'createdAt' | 'epoch'>;

/** With the time of its creation an id that is used again is another upload. */
function markerOf({ id, createdAt, epoch }: Writer): string {
  return `${id} ${createdAt} ${epoch}`;
}

/** The epoch of the writer that has made an object for this upload; undefined if it is none of this upload's. */
export function writerOf(
  upload: StoredUpload,
  { [MARKER]: marker }: ObjectResource['metadata'],
): number | undefined {
  const epoch = Number(marker?.slice(marker.lastIndexOf(' ') + 1));
  return marker === markerOf({ ...upload, epoch }) ? epoch : undefined;
}

/** What an object is made with, in the words of the JSON API. */
export interface ObjectResource {
  readonly contentType: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  readonly customTime?: string;
  readonly storageClass?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Goes into the query of a request, not into the resource. */
  readonly kmsKeyName?: string;
}

const BYTES = 'application/octet-stream';

/** For the object that an upload becomes. */
export function objectResource(settings: GcsObjectSettings, upload: StoredUpload): ObjectResource {
  if (upload.key === null) return workResource(settings, upload);
  const of = settingReader(upload);
  return defined({
    ...workResource(settings, upload),
    contentType: of(settings.contentType) ?? BYTES,
    contentDisposition: of(settings.contentDisposition),
    cacheControl: of(settings.cacheControl),
    customTime: of(settings.customTime)?.toISOString(),
    storageClass: of(settings.storageClass),
    metadata: { ...of(settings.metadata), [MARKER]: markerOf(upload) },
  });
}

/** For the objects of an unfinished upload, and of a partial. */
export function workResource(settings: GcsObjectSettings, upload: StoredUpload): ObjectResource {
  return defined({
    contentType: BYTES,
    metadata: { [MARKER]: markerOf(upload) },
    kmsKeyName: settingReader(upload)(settings.kmsKeyName),
  });
}

type Resource = { -readonly [name in keyof ObjectResource]: ObjectResource[name] | undefined };

function defined(resource: Resource & Pick<ObjectResource, 'contentType' | 'metadata'>): ObjectResource {
  const entries = Object.entries(resource).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as ObjectResource;
}
