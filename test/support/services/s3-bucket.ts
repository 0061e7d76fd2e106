import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import type {
  ListMultipartUploadsCommandOutput,
  ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';

/** An object, a version of one, or a mark that one was deleted. */
interface StoredVersion {
  readonly key: string;
  readonly versionId: string | undefined;
}

interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** The bucket of a suite, or its share of one that is used by others too. */
export class S3Bucket {
  constructor(
    readonly client: S3Client,
    readonly name: string,
    /** What all keys of the suite begin with; empty where the bucket is its own. */
    readonly prefix: string,
  ) {}

  /** What is in it: keys, and for multipart uploads that are open their keys with ` (open)`. */
  async leftovers(): Promise<string[]> {
    const [versions, uploads] = await Promise.all([this.versions(), this.openUploads()]);
    return [...versions.map(({ key }) => key), ...uploads.map(({ key }) => `${key} (open)`)].sort();
  }

  /** Also those that a newer version or a delete marker hides. */
  async versions(): Promise<StoredVersion[]> {
    const found: StoredVersion[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (marker) {
      const page: ListObjectVersionsCommandOutput = await this.client.send(
        new ListObjectVersionsCommand({ Bucket: this.name, Prefix: this.prefix, ...marker }),
      );
      for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
        if (Key !== undefined) found.push({ key: Key, versionId: VersionId });
      }
      marker = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker ?? '', VersionIdMarker: page.NextVersionIdMarker ?? '' }
        : undefined;
    }
    return found;
  }

  async openUploads(): Promise<OpenUpload[]> {
    const found: OpenUpload[] = [];
    let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (marker) {
      // Without a prefix: MinIO takes one for a whole key.
      const page: ListMultipartUploadsCommandOutput = await this.client.send(
        new ListMultipartUploadsCommand({ Bucket: this.name, ...marker }),
      );
      for (const { Key, UploadId } of page.Uploads ?? []) {
        if (Key?.startsWith(this.prefix) && UploadId !== undefined)
          found.push({ key: Key, uploadId: UploadId });
      }
      marker = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
        : undefined;
    }
    return found;
  }

  async empty(): Promise<void> {
    for (const { key, uploadId } of await this.openUploads()) {
      await this.client.send(
        new AbortMultipartUploadCommand({ Bucket: this.name, Key: key, UploadId: uploadId }),
      );
    }
    for (const { key, versionId } of await this.versions()) {
      await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key, VersionId: versionId }));
    }
  }
}
