/** What a request to S3 asks for, in the words of its API. */
export const S3_KINDS = [
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateMultipartUpload',
  'DeleteObject',
  'DeleteObjects',
  'GetObject',
  'HeadBucket',
  'HeadObject',
  'ListMultipartUploads',
  'ListObjectVersions',
  'ListObjectsV2',
  'ListParts',
  'PutObject',
  'UploadPart',
  'UploadPartCopy',
  /** Of buckets mostly: nothing that an upload does. */
  'other',
] as const;

export type S3Kind = (typeof S3_KINDS)[number];

export interface S3Request {
  readonly method: string;
  /** Path style: `/bucket/key?query`. */
  readonly url: string;
  readonly isCopy: boolean;
}

export function kindOf({ method, url, isCopy }: S3Request): S3Kind {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const ofObject = /^\/[^/]+\/./.test(pathname);
  const multipart = searchParams.has('uploadId');
  const names = [...searchParams.keys()].filter((name) => name !== 'x-id');
  if (!ofObject) return ofBucket(method, searchParams);
  if (method === 'POST' && searchParams.has('uploads')) return 'CreateMultipartUpload';
  if (multipart) return ofMultipart(method, isCopy);
  if (names.some((name) => SUBRESOURCES.has(name))) return 'other';
  if (method === 'PUT') return isCopy ? 'CopyObject' : 'PutObject';
  return OF_OBJECT.get(method) ?? 'other';
}

const SUBRESOURCES = new Set(['acl', 'attributes', 'legal-hold', 'restore', 'retention', 'tagging']);

const OF_OBJECT = new Map<string, S3Kind>([
  ['GET', 'GetObject'],
  ['HEAD', 'HeadObject'],
  ['DELETE', 'DeleteObject'],
]);

function ofMultipart(method: string, isCopy: boolean): S3Kind {
  if (method === 'PUT') return isCopy ? 'UploadPartCopy' : 'UploadPart';
  if (method === 'POST') return 'CompleteMultipartUpload';
  if (method === 'DELETE') return 'AbortMultipartUpload';
  return method === 'GET' ? 'ListParts' : 'other';
}

function ofBucket(method: string, query: URLSearchParams): S3Kind {
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  if (method !== 'GET') return 'other';
  if (query.has('uploads')) return 'ListMultipartUploads';
  if (query.has('versions')) return 'ListObjectVersions';
  return query.has('list-type') ? 'ListObjectsV2' : 'other';
}
