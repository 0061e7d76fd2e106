import type { BlockBlobCommitBlockListOptions } from '@azure/storage-blob';
import { settingReader } from '../parts/upload-settings.js';
import type { ObjectUpload, OfUpload } from '../parts/upload-settings.js';
import type { StoredUpload } from '../upload-storage.js';
import { metadataName, metadataValue } from './blob-metadata.js';
import { MARKER, markerOf } from './marker.js';

/** An upload whose object is about to be made. The key of a partial is null. */
export type AzureUpload = ObjectUpload;

/**
 * What finished blobs are stored with: each a value, or a function of the upload. Encryption holds for the blobs of
 * unfinished uploads too.
 */
export interface AzureBlobSettings {
  /**
   * The media type under which the blob is served from the container. What clients say of their files is not to be
   * trusted: `text/html` runs scripts.
   * @default application/octet-stream, by the store
   */
  readonly contentType?: OfUpload<string>;
  /** `Content-Disposition` of the blob. Characters beyond ASCII have to be encoded by RFC 6266. */
  readonly contentDisposition?: OfUpload<string>;
  /** `Cache-Control` of the blob. */
  readonly cacheControl?: OfUpload<string>;
  /**
   * Metadata of the blob, 8,032 bytes in all. In names each character that Azure refuses becomes `_x2d_`, its code in
   * hexadecimal digits; values that are not ASCII are encoded by RFC 2047. Names that differ in case only are refused, and
   * `tus_upload` is taken.
   */
  readonly metadata?: OfUpload<Readonly<Record<string, string>>>;
  /** Index tags of the blob, at most ten. Accounts with a hierarchical namespace have none. */
  readonly tags?: OfUpload<Readonly<Record<string, string>>>;
  /** The access tier, such as `'Cool'`. */
  readonly tier?: OfUpload<string>;
  /** The encryption scope that encrypts. */
  readonly encryptionScope?: OfUpload<string>;
}

/** In the words of the SDK, for Put Blob as for Put Block List. */
export type BlobHeaders = Pick<
  BlockBlobCommitBlockListOptions,
  'blobHTTPHeaders' | 'metadata' | 'tags' | 'tier' | 'encryptionScope'
>;

/** With what blocks, and blobs of unfinished uploads, are made. */
export type WorkHeaders = Pick<BlobHeaders, 'encryptionScope'>;

/** What the blob of an upload is made with. */
export function blobHeaders(settings: AzureBlobSettings, upload: StoredUpload): BlobHeaders {
  const marked = markedHeaders(settings, upload);
  if (upload.key === null) return marked;
  const of = settingReader(upload);
  const http = defined({
    blobContentType: of(settings.contentType),
    blobContentDisposition: of(settings.contentDisposition),
    blobCacheControl: of(settings.cacheControl),
  });
  return {
    ...marked,
    blobHTTPHeaders: http,
    metadata: { ...encoded(of(settings.metadata) ?? {}), ...marked.metadata },
    ...defined({ tags: of(settings.tags), tier: of(settings.tier) }),
  };
}

/** What a blob needs to be known as that of an upload: the application has no say in it. */
export function markedHeaders(settings: AzureBlobSettings, upload: StoredUpload): BlobHeaders {
  return { ...workHeaders(settings, upload), metadata: { [MARKER]: markerOf(upload) } };
}

export function workHeaders(settings: AzureBlobSettings, upload: StoredUpload): WorkHeaders {
  return defined({ encryptionScope: settingReader(upload)(settings.encryptionScope) });
}

export function encoded(metadata: Readonly<Record<string, string>>): Record<string, string> {
  // Azure has no value that is empty.
  const entries = Object.entries(metadata).filter(([, value]) => value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [metadataName(name), metadataValue(value)]));
}

function defined<T extends object>(values: { readonly [name in keyof T]: T[name] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
