import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, DeleteBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { S3Storage } from '../../../src/storage/s3/index.js';
import { hastyClient } from '../hasty-client.js';
import { S3_KINDS } from '../s3-proxy/request-kind.js';
import type { S3Kind } from '../s3-proxy/request-kind.js';
import { S3Proxy } from '../s3-proxy/s3-proxy.js';
import { RunningSuite } from '../services/each-s3-service.js';
import { S3Bucket } from '../services/s3-bucket.js';
import type { S3Service } from '../services/s3-service.js';
import type { Bucket, ObjectStore, StorageSettings } from './object-store.js';

export function s3Store(service: S3Service): ObjectStore<S3Kind> {
  const suite = new RunningSuite(service);
  return {
    ...{ name: service.name, found: service.found, api: 's3', kinds: S3_KINDS },
    completing: ['CompleteMultipartUpload', 'HeadObject'],
    decisive: [
      ['UploadPart'],
      ['UploadPartCopy'],
      ['CompleteMultipartUpload'],
      ['CompleteMultipartUpload', 'HeadObject'],
      ['PutObject'],
      ['PutObject', 'HeadObject'],
      ['CreateMultipartUpload', 'ListMultipartUploads', 'AbortMultipartUpload'],
      ['AbortMultipartUpload', 'DeleteObject'],
    ],
    // A client decides for how long it waits.
    patient: [],
    up: () => suite.up(),
    down: () => suite.down(),
    open: () => open(suite),
  };
}

async function open({ client, address }: RunningSuite): Promise<Bucket<S3Kind>> {
  const bucket = new S3Bucket(client, `test-${randomUUID()}`, '');
  await client.send(new CreateBucketCommand({ Bucket: bucket.name }));
  const proxy = await S3Proxy.start(address.endpoint ?? '');
  const at = { ...address, endpoint: proxy.endpoint };
  return {
    proxy,
    options: (settings = {}) => ({ bucket: bucket.name, clientConfig: at, ...settings }),
    storage: ({ hasty = false, ...settings }: StorageSettings = {}) => {
      const speaker = hasty ? { client: hastyClient(at), checkBucket: false } : { clientConfig: at };
      return new S3Storage({ bucket: bucket.name, ...speaker, ...settings });
    },
    read: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
      // A stream of Node; the type has those of browsers, too.
      return Body as AsyncIterable<Uint8Array>;
    },
    leftovers: () => bucket.leftovers(),
    close: async () => {
      await proxy.stop();
      await bucket.empty();
      await client.send(new DeleteBucketCommand({ Bucket: bucket.name }));
    },
  };
}
