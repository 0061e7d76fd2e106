import type {
  ChecksumAlgorithm,
  ObjectCannedACL,
  PutObjectCommandInput,
  ServerSideEncryption,
  StorageClass,
} from '@aws-sdk/client-s3';
import { settingReader } from '../parts/upload-settings.js';
import type { ObjectUpload, OfUpload } from '../parts/upload-settings.js';
import type { StoredUpload } from '../upload-storage.js';
import { MARKER, markerOf } from './marker.js';

/** An upload whose object is about to be made. The key of a partial is null. */
export type S3Upload = ObjectUpload;

/**
 * What finished objects are stored with: each a value, or a function of the upload. Encryption holds for the objects of
 * unfinished uploads too.
 */
export interface S3ObjectSettings {
  /**
   * The media type under which the object is served from the bucket. What clients say of their files is not to be
   * trusted: `text/html` runs scripts.
   * @default application/octet-stream, by the store
   */
  readonly contentType?: OfUpload<string>;
  /** `Content-Disposition` of the object. Characters beyond ASCII have to be encoded by RFC 6266. */
  readonly contentDisposition?: OfUpload<string>;
  /** `Cache-Control` of the object. */
  readonly cacheControl?: OfUpload<string>;
  /**
   * Metadata of the object, 1,874 bytes in all with `x-amz-meta-` in front of each name. What is not ASCII is encoded by
   * RFC 2047. The name `tus-upload` is taken.
   */
  readonly metadata?: OfUpload<Readonly<Record<string, string>>>;
  /** Tags of the object, at most ten. */
  readonly tags?: OfUpload<Readonly<Record<string, string>>>;
  /** The storage class, such as `'STANDARD_IA'`. */
  readonly storageClass?: OfUpload<StorageClass>;
  /** Encryption by the store: `'AES256'`, `'aws:kms'` or `'aws:kms:dsse'`. */
  readonly encryption?: OfUpload<ServerSideEncryption>;
  /** The key of KMS that encrypts; needs `encryption: 'aws:kms'`. */
  readonly kmsKeyId?: OfUpload<string>;
  /** A canned ACL. Buckets of Amazon refuse any by default. */
  readonly acl?: OfUpload<ObjectCannedACL>;
  /**
   * A checksum that the store keeps beside the object, `'CRC32'`, `'CRC32C'`, `'CRC64NVME'`, `'SHA1'` or `'SHA256'`: of a
   * multipart upload, that of its parts. With it MinIO copies nothing: the bytes of finals pass through the server.
   */
  readonly checksumAlgorithm?: OfUpload<ChecksumAlgorithm>;
}

/** In the words of the SDK, for PutObject as for CreateMultipartUpload. */
export type ObjectHeaders = Pick<
  PutObjectCommandInput,
  | 'ContentType'
  | 'ContentDisposition'
  | 'CacheControl'
  | 'Metadata'
  | 'Tagging'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'ACL'
  | 'ChecksumAlgorithm'
>;

/** What the object of an upload is made with. */
export function objectHeaders(settings: S3ObjectSettings, upload: StoredUpload): ObjectHeaders {
  if (upload.key === null) return { ...workHeaders(settings, upload), Metadata: marked(upload, {}) };
  const of = settingReader(upload);
  const tags = of(settings.tags);
  return defined({
    ...workHeaders(settings, upload),
    ContentType: of(settings.contentType),
    ContentDisposition: of(settings.contentDisposition),
    CacheControl: of(settings.cacheControl),
    Metadata: marked(upload, of(settings.metadata) ?? {}),
    Tagging: tags && new URLSearchParams(tags).toString(),
    StorageClass: of(settings.storageClass),
    ACL: of(settings.acl),
    ChecksumAlgorithm: of(settings.checksumAlgorithm),
  });
}

/** What objects of an unfinished upload are made with. */
export function workHeaders(settings: S3ObjectSettings, upload: StoredUpload): ObjectHeaders {
  const of = settingReader(upload);
  return defined({
    ServerSideEncryption: of(settings.encryption),
    SSEKMSKeyId: of(settings.kmsKeyId),
  });
}

/** The checksum that each part has to bring, if there is one. */
export function checksumOf(settings: S3ObjectSettings, upload: StoredUpload): ChecksumAlgorithm | undefined {
  return upload.key === null ? undefined : settingReader(upload)(settings.checksumAlgorithm);
}

function marked(upload: StoredUpload, metadata: Readonly<Record<string, string>>): Record<string, string> {
  const encoded = Object.entries(metadata).map(([name, value]) => [name, headerText(value)]);
  return { ...Object.fromEntries(encoded), [MARKER]: markerOf(upload) };
}

/** RFC 2047, which is how Amazon shows metadata that is not ASCII. */
export function headerText(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

function defined(headers: {
  readonly [name in keyof ObjectHeaders]: ObjectHeaders[name] | undefined;
}): ObjectHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
