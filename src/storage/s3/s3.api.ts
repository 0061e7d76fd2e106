import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { ChecksumAlgorithm, HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { StorageError } from '../../model/errors/storage.error.js';
import { Gate } from '../parts/gate.js';
import { TRIES, tryAgain } from '../parts/try-again.js';
import { unlessMissing } from '../parts/unless-missing.js';
import type { ByteRange } from '../upload-storage.js';
import { copySource } from './keys.js';
import type { ObjectHeaders } from './object-settings.js';
import { completedPart, tagOf } from './part-tag.js';
import type { TaggedPart } from './part-tag.js';
import type { Limits, Requests, S3Body } from './requests.js';
import { BrokenBodyError, isBroken, s3Error } from './s3.error.js';
import { readBack } from './spilled-body.js';
import { UNSIGNED_PAYLOAD, unsignedPayload } from './unsigned-payload.js';

export interface S3ApiDeps {
  readonly client: S3Client;
  readonly requests: Requests;
  readonly bucket: string;
  /** Whether bodies are part of the signature; undefined: where the connection is not encrypted. */
  readonly signPayload: boolean | undefined;
}

/** A multipart upload, named by its object and its id. */
export interface Multipart {
  readonly key: string;
  readonly id: string;
}

/** Bytes that become a part of a multipart upload. */
export interface S3Part extends S3Body {
  readonly number: number;
}

/** Keeps an object from being replaced. */
export interface Condition {
  readonly IfNoneMatch?: '*';
  readonly IfMatch?: string;
}

/** What is wanted of an object. */
export interface Selection {
  /** The object must still be what it was. */
  readonly etag?: string | undefined;
  /** All of the object without one. */
  readonly range?: ByteRange | undefined;
}

/** An object, or a range of it, that becomes a part. */
export interface CopiedPart extends Selection {
  readonly number: number;
  readonly source: string;
}

export interface StoredObject {
  readonly body: Readable;
  /** Bytes of the body. */
  readonly length: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Parts that found no memory, and are read back into it to be signed, at the same time. */
const READ_BACKS = 2;

/** The requests to the objects of a bucket. Each tries again what may pass, and rejects with an `S3Error`. */
export class S3Api {
  private readonly client: S3Client;
  private readonly requests: Requests;
  private readonly readBacks = new Gate(READ_BACKS);

  constructor(private readonly deps: S3ApiDeps) {
    this.client = deps.client;
    this.requests = deps.requests;
  }

  /** Resolves with the ETag of the object, if it is known. */
  async putObject(
    key: string,
    { body, length, signal }: S3Body,
    headers: ObjectHeaders & Condition,
  ): Promise<string | undefined> {
    const answer = await this.sending('PutObject', { body, length, signal }, (Body, limits) => {
      const command = new PutObjectCommand({ ...this.at(key), ...headers, Body, ContentLength: length });
      command.middlewareStack.add(unsignedPayload(this.deps.signPayload), UNSIGNED_PAYLOAD);
      return this.client.send(command, limits);
    });
    return etagOf(answer);
  }

  /** `again`: an earlier try may have created another one. */
  async createMultipart(
    key: string,
    headers: ObjectHeaders,
    signal?: AbortSignal,
  ): Promise<Multipart & { readonly again: boolean }> {
    const command = new CreateMultipartUploadCommand({ ...this.at(key), ...headers });
    const { UploadId: id, $metadata } = await this.requests.small(
      'CreateMultipartUpload',
      (limits) => this.client.send(command, limits),
      signal,
    );
    if (id === undefined) throw s3Error('CreateMultipartUpload', new Error('It named no multipart upload.'));
    return { key, id, again: $metadata.attempts !== 1 };
  }

  /** Resolves with the tag of the part. */
  async uploadPart(
    { key, id }: Multipart,
    { number: PartNumber, body, length, signal }: S3Part,
    checksum: ChecksumAlgorithm | undefined,
  ): Promise<string> {
    const part = { ...this.at(key), UploadId: id, PartNumber, ContentLength: length };
    const answer = await this.sending('UploadPart', { body, length, signal }, (Body, limits) => {
      const command = new UploadPartCommand({
        ...part,
        Body,
        ...(checksum && { ChecksumAlgorithm: checksum }),
      });
      command.middlewareStack.add(unsignedPayload(this.deps.signPayload), UNSIGNED_PAYLOAD);
      return this.client.send(command, limits);
    });
    return tagOf('UploadPart', answer, checksum);
  }

  /** Copies inside the bucket; resolves with the tag of the part. */
  async copyPart(
    { key, id }: Multipart,
    { number, source, range, etag }: CopiedPart,
    checksum: ChecksumAlgorithm | undefined,
  ): Promise<string> {
    const command = new UploadPartCopyCommand({
      ...{ ...this.at(key), UploadId: id, PartNumber: number },
      CopySource: copySource(this.deps.bucket, source),
      ...(range && { CopySourceRange: bytesOf(range) }),
      ...(etag && { CopySourceIfMatch: etag }),
    });
    const answer = await this.requests.copy('UploadPartCopy', (limits) => this.client.send(command, limits));
    return tagOf('UploadPartCopy', answer.CopyPartResult ?? {}, checksum);
  }

  /** Resolves with the ETag of the object, if it is known. */
  async completeMultipart(
    { key, id }: Multipart,
    parts: readonly TaggedPart[],
    condition: Condition,
  ): Promise<string | undefined> {
    const command = new CompleteMultipartUploadCommand({
      ...{ ...this.at(key), UploadId: id, ...condition },
      MultipartUpload: { Parts: parts.map(completedPart) },
    });
    const answer = await this.requests.long('CompleteMultipartUpload', (limits) =>
      this.client.send(command, limits),
    );
    return etagOf(answer);
  }

  /** Whether there is such a multipart upload. */
  async hasMultipart({ key, id }: Multipart): Promise<boolean> {
    const command = new ListPartsCommand({ ...this.at(key), UploadId: id, MaxParts: 1 });
    const list = this.requests.small('ListParts', (limits) => this.client.send(command, limits));
    return (await unlessMissing(list)) !== undefined;
  }

  /** Idempotent. */
  async abortMultipart({ key, id }: Multipart): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.at(key), UploadId: id });
    await unlessMissing(
      this.requests.small('AbortMultipartUpload', (limits) => this.client.send(command, limits)),
    );
  }

  /** Undefined if there is no such object. */
  head(key: string): Promise<HeadObjectCommandOutput | undefined> {
    const command = new HeadObjectCommand(this.at(key));
    return unlessMissing(this.requests.small('HeadObject', (limits) => this.client.send(command, limits)));
  }

  /** Waits for the beginning of an object, or of a range of it. */
  async get(key: string, { range, etag }: Selection = {}): Promise<StoredObject> {
    const command = new GetObjectCommand({
      ...this.at(key),
      ...(range && { Range: bytesOf(range) }),
      ...(etag && { IfMatch: etag }),
    });
    const { Body, ContentLength, Metadata } = await this.requests.download('GetObject', (limits) =>
      this.client.send(command, limits),
    );
    // A stream of Node; the type has those of browsers, too.
    return { body: Body as Readable, length: ContentLength ?? NaN, metadata: Metadata ?? {} };
  }

  /**
   * Exactly so many bytes, as they come: of an object, or of a range of it.
   * @throws StorageError of kind `missing` if it has others
   */
  async *chunks(key: string, length: number, selection?: Selection): AsyncGenerator<Buffer, void> {
    const stored = await this.get(key, selection);
    const late = () => stored.body.destroy(new Error('It took too long.'));
    const timer = setTimeout(late, this.requests.timeFor(length));
    try {
      if (stored.length !== length) {
        throw new StorageError('missing', `Of ${length} bytes of ${key} the store has ${stored.length}.`);
      }
      yield* stored.body;
    } catch (error) {
      throw error instanceof StorageError ? error : new BrokenBodyError(key, error);
    } finally {
      clearTimeout(timer);
      stored.body.destroy();
    }
  }

  /** All of these bytes, read again if the store breaks off. @throws as `chunks` */
  bytes(key: string, length: number): Promise<Buffer> {
    return tryAgain(() => buffer(this.chunks(key, length)), { passes: isBroken });
  }

  /** All of these bytes as they come, from where the store has broken off. @throws as `chunks` */
  async *wholeChunks(key: string, length: number): AsyncGenerator<Buffer, void> {
    for (let at = 0, tries = 1; at < length; tries++) {
      const rest = at === 0 ? {} : { range: { start: at, end: length - 1 } };
      try {
        for await (const chunk of this.chunks(key, length - at, rest)) {
          at += chunk.length;
          yield chunk;
        }
      } catch (error) {
        if (tries >= TRIES || !isBroken(error)) throw error;
      }
    }
  }

  /** Resolves with true if the bucket keeps versions, and has set a delete marker only. Idempotent. */
  async deleteObject(key: string, version?: string): Promise<boolean> {
    const command = new DeleteObjectCommand({ ...this.at(key), ...(version && { VersionId: version }) });
    const answer = await unlessMissing(
      this.requests.small('DeleteObject', (limits) => this.client.send(command, limits)),
    );
    return version === undefined && answer?.DeleteMarker === true;
  }

  /** What is a stream cannot be signed before it is sent. */
  private sending<T>(
    name: string,
    { body, length, signal }: S3Body,
    send: (body: Buffer | Readable, limits: Limits) => Promise<T>,
  ): Promise<T> {
    const { requests } = this;
    if (!this.deps.signPayload || Buffer.isBuffer(body))
      return requests.sending(name, { body, length, signal }, send);
    const signed = async () =>
      requests.sending(name, { body: await readBack({ body, length }), length, signal }, send);
    return this.readBacks.pass(signed, signal);
  }

  private at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.deps.bucket, Key: key };
  }
}

/** What a second try is answered may be the ETag of another object, or of none. */
function etagOf({
  ETag,
  $metadata,
}: {
  ETag?: string;
  $metadata: { attempts?: number };
}): string | undefined {
  return $metadata.attempts === 1 ? ETag : undefined;
}

function bytesOf({ start, end }: ByteRange): string {
  return `bytes=${start}-${end}`;
}
