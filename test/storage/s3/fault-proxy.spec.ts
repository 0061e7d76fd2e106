import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FAULTS, seededFaultsOf } from '../../support/s3-proxy/fault.js';
import { S3_KINDS } from '../../support/s3-proxy/request-kind.js';
import { S3Proxy } from '../../support/s3-proxy/s3-proxy.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';

/** Of those the store sees nothing. */
const BEFORE = new Set(['slow-down', 'reset', 'hang']);

eachLocalS3Service((suite) => {
  let proxy: S3Proxy;
  let client: S3Client;

  const connect = (maxAttempts: number) =>
    new S3Client({ ...suite.address, endpoint: proxy.endpoint, maxAttempts });
  const at = (Key: string) => ({ Bucket: suite.bucket.name, Key });

  beforeEach(async () => {
    proxy = await S3Proxy.start(suite.address.endpoint ?? '');
    client = connect(1);
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    await suite.bucket.empty();
  });

  it('counts the requests of each kind, and the bytes of their bodies', async () => {
    const bytes = Buffer.alloc(3 * 1024 ** 2, 'b');
    await client.send(new PutObjectCommand({ ...at('source'), Body: bytes }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at('a b')));
    const upload = { ...at('a b'), UploadId };
    const CopySource = `${suite.bucket.name}/source`;
    await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'x' }));
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource }),
    );
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    await client.send(new HeadObjectCommand(at('a b')));
    const { Body } = await client.send(new GetObjectCommand(at('a b')));
    expect((await Body?.transformToByteArray())?.length).toBe(bytes.length);
    await client.send(new CopyObjectCommand({ ...at('copy'), CopySource }));
    const Objects = [{ Key: 'copy' }, { Key: 'source' }];
    await client.send(new DeleteObjectsCommand({ Bucket: suite.bucket.name, Delete: { Objects } }));

    expect(proxy.tally()).toEqual({
      PutObject: 1,
      CreateMultipartUpload: 1,
      UploadPart: 1,
      UploadPartCopy: 1,
      CompleteMultipartUpload: 1,
      HeadObject: 1,
      GetObject: 1,
      CopyObject: 1,
      DeleteObjects: 1,
    });
    expect(proxy.bytes('PutObject')).toEqual({ received: bytes.length, answered: 0 });
    expect(proxy.bytes('UploadPart').received).toBe(1);
    expect(proxy.bytes('UploadPartCopy').received).toBe(0);
    expect(proxy.bytes('GetObject')).toEqual({ received: 0, answered: bytes.length });
    expect(proxy.requests.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
    proxy.forget();
    expect(proxy.tally()).toEqual({});
  });

  it.each(FAULTS)(
    'makes a request fail with %s, which the store has seen or not, as the fault says',
    async (fault) => {
      const aborted = new AbortController();
      const seen = new Promise<void>((resolve) => {
        proxy.faults = () => {
          resolve();
          return fault;
        };
      });
      const put = new PutObjectCommand({ ...at('file'), Body: Buffer.alloc(1024 ** 2) });
      const outcome = client.send(put, { abortSignal: aborted.signal }).then(
        () => 'succeeded',
        () => 'failed',
      );
      await seen;
      await proxy.idle();
      if (fault.startsWith('hang')) aborted.abort();
      expect(await outcome).toBe('failed');
      expect(await suite.bucket.leftovers()).toEqual(BEFORE.has(fault) ? [] : ['file']);
      expect(proxy.requests.map((request) => request.fault)).toEqual([fault]);
    },
  );

  it('gives half of a download that it truncates', async () => {
    await suite.client.send(new PutObjectCommand({ ...at('file'), Body: Buffer.alloc(1000) }));
    proxy.faults = () => 'truncated-answer';
    const { Body } = await client.send(new GetObjectCommand(at('file')));
    await expect(Body?.transformToByteArray()).rejects.toThrow(/aborted/);
  });

  it('lets an attempt through where the plan names only the ones before', async () => {
    const patient = connect(3);
    proxy.faults = (kind, n) => (kind === 'PutObject' && n === 1 ? 'slow-down' : undefined);
    await patient.send(new PutObjectCommand({ ...at('file'), Body: 'x' }));
    expect(proxy.tally()).toEqual({ PutObject: 2 });
    expect(await suite.bucket.leftovers()).toEqual(['file']);
    patient.destroy();
  });
});

describe('faults that a seed determines', () => {
  const drawn = (seed: number) => {
    const plan = seededFaultsOf(S3_KINDS, seed, { probability: 0.3 });
    return S3_KINDS.flatMap((kind) => Array.from({ length: 50 }, (_, index) => plan(kind, index + 1)));
  };

  it('are the same for the same seed, and others for another', () => {
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(8)).not.toEqual(drawn(7));
  });

  it('are of every sort, and strike about as often as they should', () => {
    const struck = drawn(7).filter((fault) => fault !== undefined);
    expect(new Set(struck)).toEqual(new Set(FAULTS));
    expect(struck.length / drawn(7).length).toBeCloseTo(0.3, 1);
  });
});
