import { isDeepStrictEqual } from 'node:util';
import { ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Requests } from './requests.js';
import { s3Error } from './s3.error.js';

export interface ObjectVersion {
  readonly id: string;
  /** It says that the object is deleted. */
  readonly marker: boolean;
}

export interface OpenMultipart {
  readonly id: string;
  /** Milliseconds since 1970, by the store's clock. */
  readonly initiated: number;
}

/** What the store knows under one key. For clean-ups in doubtful cases: never on the path of a request. */
export class S3Lists {
  constructor(
    private readonly deps: {
      readonly client: S3Client;
      readonly requests: Requests;
      readonly bucket: string;
    },
  ) {}

  /** Rejects if the bucket does not answer as it should. */
  async checkAccess(): Promise<void> {
    const command = new ListMultipartUploadsCommand({ Bucket: this.deps.bucket, MaxUploads: 1 });
    await this.deps.requests.small('ListMultipartUploads', (limits) =>
      this.deps.client.send(command, limits),
    );
  }

  async openMultiparts(key: string): Promise<OpenMultipart[]> {
    const found: OpenMultipart[] = [];
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (;;) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.deps.bucket, Prefix: key, ...after });
      const page = await this.deps.requests.small('ListMultipartUploads', (limits) =>
        this.deps.client.send(command, limits),
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === key && UploadId) found.push({ id: UploadId, initiated: Initiated?.getTime() ?? 0 });
      }
      if (!page.IsTruncated) return found;
      after = next('ListMultipartUploads', after, {
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      });
    }
  }

  /** Versions and delete markers of one object. */
  async versions(key: string): Promise<ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    const add = (versions: { Key?: string; VersionId?: string }[] = [], marker: boolean) => {
      for (const { Key, VersionId } of versions)
        if (Key === key && VersionId) found.push({ id: VersionId, marker });
    };
    let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const command = new ListObjectVersionsCommand({ Bucket: this.deps.bucket, Prefix: key, ...after });
      const page = await this.deps.requests.small('ListObjectVersions', (limits) =>
        this.deps.client.send(command, limits),
      );
      add(page.Versions, false);
      add(page.DeleteMarkers, true);
      if (!page.IsTruncated) return found;
      after = next('ListObjectVersions', after, {
        KeyMarker: page.NextKeyMarker,
        VersionIdMarker: page.NextVersionIdMarker,
      });
    }
  }
}

/**
 * Where the next page begins.
 * @throws S3Error for a list that would go round in a circle
 */
function next<Place extends { readonly KeyMarker?: string | undefined }>(
  request: string,
  before: Place,
  after: Place,
): Place {
  if (after.KeyMarker !== undefined && !isDeepStrictEqual(after, before)) return after;
  throw s3Error(request, new Error('It has left out where the rest of the list begins.'));
}
