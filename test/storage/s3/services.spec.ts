import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { afterEach, expect, it } from '@jest/globals';
import { eachS3Service } from '../../support/services/each-s3-service.js';
import type { S3Suite } from '../../support/services/each-s3-service.js';

const MIB = 1024 ** 2;
const NO_SUCH_ETAG = '"00000000000000000000000000000000"';

/** A key of the suite's own, and the few requests of S3 about it that tests repeat. */
class Subject {
  readonly at: { readonly Bucket: string; readonly Key: string };

  constructor(
    private readonly suite: S3Suite,
    name: string,
  ) {
    this.at = { Bucket: suite.bucket.name, Key: `${suite.bucket.prefix}${name}` };
  }

  get copySource(): string {
    return `${this.at.Bucket}/${encodeURIComponent(this.at.Key)}`;
  }

  put(body: Buffer | string, more: Partial<PutObjectCommandInput> = {}) {
    return this.suite.client.send(new PutObjectCommand({ ...this.at, Body: body, ...more }));
  }

  async begin(more: { readonly Metadata?: Record<string, string>; readonly ContentType?: string } = {}) {
    const { UploadId } = await this.suite.client.send(
      new CreateMultipartUploadCommand({ ...this.at, ...more }),
    );
    return { ...this.at, UploadId };
  }

  /** A multipart upload whose parts are these, and what completes it. */
  async upload(
    bodies: readonly (Buffer | string)[],
    more: { readonly Metadata?: Record<string, string> } = {},
  ) {
    const upload = await this.begin(more);
    const parts: CompletedPart[] = [];
    for (const [index, Body] of bodies.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await this.suite.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      parts.push({ PartNumber, ETag });
    }
    const complete = (condition: { readonly IfNoneMatch?: '*' } = {}) =>
      this.suite.client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: parts },
          ...condition,
        }),
      );
    return { upload, parts, complete };
  }

  async text(): Promise<string> {
    const { Body } = await this.suite.client.send(new GetObjectCommand(this.at));
    return (await Body?.transformToString()) ?? '';
  }

  head() {
    return this.suite.client.send(new HeadObjectCommand(this.at));
  }
}

/** `ok`, or the name of what the store said. */
async function outcome(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'ok';
  } catch (error) {
    if (error instanceof S3ServiceException) return error.name;
    throw error;
  }
}

eachS3Service((suite) => {
  const subject = (name: string) => new Subject(suite, name);

  afterEach(() => suite.bucket.empty());

  it('lists what is left in a bucket: objects, and multipart uploads that are open', async () => {
    const { bucket } = suite;
    await subject('kept').put('x');
    await subject('begun').begin();
    expect(await bucket.leftovers()).toEqual([`${bucket.prefix}begun (open)`, `${bucket.prefix}kept`]);
    await bucket.empty();
    expect(await bucket.leftovers()).toEqual([]);
  });

  it('takes the checksums that the SDK sends by default, and requests without any', async () => {
    const plain = new S3Client({
      ...suite.address,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    const file = subject('file');
    expect((await file.put('default')).ChecksumCRC32).toBeDefined();
    await plain.send(new PutObjectCommand({ ...file.at, Body: 'plain' }));
    expect(await file.text()).toBe('plain');
    plain.destroy();
  });

  it('refuses bytes whose checksum is another one', async () => {
    const wrong = Buffer.alloc(32).toString('base64');
    expect(await outcome(subject('file').put('x', { ChecksumSHA256: wrong }))).not.toBe('ok');
    expect(await suite.bucket.leftovers()).toEqual([]);
  });

  it('creates an object once where many ask for it at once with If-None-Match', async () => {
    const file = subject('file');
    const all = await Promise.all(
      Array.from({ length: 6 }, () => outcome(file.put('x', { IfNoneMatch: '*' }))),
    );
    expect(all.filter((one) => one === 'ok')).toHaveLength(1);
    for (const other of all.filter((one) => one !== 'ok'))
      expect(['PreconditionFailed', 'ConditionalRequestConflict']).toContain(other);
  });

  it('completes with If-None-Match only where there is no object, and keeps the parts', async () => {
    const file = subject('file');
    await file.put('first');
    const { upload, complete } = await file.upload(['second']);
    expect(await outcome(complete({ IfNoneMatch: '*' }))).toBe('PreconditionFailed');
    expect(await file.text()).toBe('first');
    const { Parts } = await suite.client.send(new ListPartsCommand(upload));
    expect(Parts).toHaveLength(1);
    await suite.client.send(new DeleteObjectCommand(file.at));
    expect(await outcome(complete({ IfNoneMatch: '*' }))).toBe('ok');
    expect(await file.text()).toBe('second');
  });

  it('keeps the metadata that a multipart upload was begun with', async () => {
    const file = subject('file');
    const { complete } = await file.upload(['x'], { Metadata: { marker: 'm-1' } });
    await complete();
    expect((await file.head()).Metadata).toEqual({ marker: 'm-1' });
  });

  it('names the parts and the size of each', async () => {
    const { upload } = await subject('file').upload(['a', 'bc']);
    const { Parts } = await suite.client.send(new ListPartsCommand(upload));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('finds the open uploads of a key by the whole key', async () => {
    const { Bucket, Key, UploadId } = await subject('folder/file').begin();
    const { Uploads } = await suite.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
    expect(Uploads?.map((upload) => upload.UploadId)).toEqual([UploadId]);
  });

  it('refuses a part below 5 MiB that is not the last, and keeps the upload', async () => {
    const { upload, complete } = await subject('file').upload([Buffer.alloc(5 * MIB - 1), 'x']);
    expect(await outcome(complete())).toBe('EntityTooSmall');
    expect((await suite.client.send(new ListPartsCommand(upload))).Parts).toHaveLength(2);
  });

  it('leaves out parts that completion does not name, and takes numbers with gaps', async () => {
    const file = subject('file');
    const upload = await file.begin();
    const part = (PartNumber: number, Body: Buffer | string) =>
      suite.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    const first = await part(3, Buffer.alloc(5 * MIB, 'a'));
    await part(4, 'left out');
    const last = await part(10_000, 'z');
    const Parts = [
      { PartNumber: 3, ETag: first.ETag },
      { PartNumber: 10_000, ETag: last.ETag },
    ];
    await suite.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect((await file.head()).ContentLength).toBe(5 * MIB + 1);
    expect(await suite.bucket.openUploads()).toEqual([]);
  });

  it('does not complete with a part that was overwritten meanwhile', async () => {
    const { upload, complete } = await subject('file').upload(['first']);
    await suite.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'other' }));
    expect(await outcome(complete())).toBe('InvalidPart');
  });

  it('answers a completion that is repeated in one of three ways, and leaves the object as it is', async () => {
    const file = subject('file');
    const { complete } = await file.upload(['x']);
    await complete({ IfNoneMatch: '*' });
    expect(['ok', 'NoSuchUpload']).toContain(await outcome(complete()));
    expect(['ok', 'NoSuchUpload', 'PreconditionFailed']).toContain(
      await outcome(complete({ IfNoneMatch: '*' })),
    );
    expect(await file.text()).toBe('x');
  });

  it('leaves a completed object alone when its upload is aborted', async () => {
    const file = subject('file');
    const { upload, complete } = await file.upload(['x']);
    await complete();
    const abort = () => outcome(suite.client.send(new AbortMultipartUploadCommand(upload)));
    expect(['ok', 'NoSuchUpload']).toContain(await abort());
    expect(await file.text()).toBe('x');
  });

  it('knows nothing of an upload that was aborted', async () => {
    const { upload, complete } = await subject('file').upload(['x']);
    await suite.client.send(new AbortMultipartUploadCommand(upload));
    expect(await outcome(complete())).toBe('NoSuchUpload');
    expect(await outcome(suite.client.send(new ListPartsCommand(upload)))).toBe('NoSuchUpload');
    const part = new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'y' });
    expect(await outcome(suite.client.send(part))).toBe('NoSuchUpload');
  });

  it('copies a range of an object into a part, over the joints of its own parts', async () => {
    const source = subject('é 漢+%&?#/source');
    const { complete } = await source.upload([Buffer.alloc(5 * MIB, 'a'), Buffer.alloc(MIB, 'b')]);
    await complete();
    const target = subject('target');
    const upload = await target.begin();
    const { CopyPartResult } = await suite.client.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 1,
        CopySource: source.copySource,
        CopySourceRange: `bytes=${5 * MIB - 2}-${5 * MIB + 1}`,
      }),
    );
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
    await suite.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect(await target.text()).toBe('aabb');
  });

  it('copies small objects whole, and none that is not there or has changed', async () => {
    const source = subject('source');
    const { ETag } = await source.put('small');
    const upload = await subject('target').begin();
    const copy = (more: { readonly CopySource?: string; readonly CopySourceIfMatch?: string | undefined }) =>
      outcome(
        suite.client.send(
          new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource: source.copySource, ...more }),
        ),
      );
    expect(await copy({ CopySourceIfMatch: ETag })).toBe('ok');
    expect(await copy({ CopySourceIfMatch: NO_SUCH_ETAG })).toBe('PreconditionFailed');
    expect(await copy({ CopySource: subject('nothing').copySource })).toBe('NoSuchKey');
  });
});

// A bucket that has had versions has them for ever: a suite of its own.
eachS3Service((suite) => {
  afterEach(() => suite.bucket.empty());

  it('keeps each version of an object, and a mark of its deletion, until they are deleted by their version', async () => {
    const { bucket, client } = suite;
    const versions = await hasVersions(suite);
    const file = new Subject(suite, 'file');
    const { VersionId } = await file.put('1');
    await file.put('22');
    await client.send(new DeleteObjectCommand(file.at));
    expect(await bucket.leftovers()).toHaveLength(versions ? 3 : 0);
    if (versions) await client.send(new DeleteObjectCommand({ ...file.at, VersionId }));
    expect(await bucket.leftovers()).toHaveLength(versions ? 2 : 0);
    await bucket.empty();
    expect(await bucket.leftovers()).toEqual([]);
  });
});

/** A bucket of others stays as it is. */
async function hasVersions({ bucket, client }: S3Suite): Promise<boolean> {
  const at = { Bucket: bucket.name };
  if (bucket.prefix === '') {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration }));
  }
  const { Status } = await client.send(new GetBucketVersioningCommand(at));
  return Status === 'Enabled';
}
