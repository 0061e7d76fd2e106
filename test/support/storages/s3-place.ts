import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { S3Storage } from '../../../src/storage/s3/s3.storage.js';
import type { S3Suite } from '../services/each-s3-service.js';
import { S3Bucket } from '../services/s3-bucket.js';
import type { TestPlace } from './test-place.js';

/** A prefix of its own in the bucket of a suite. */
export async function s3Place({
  client,
  bucket: { name: Bucket, prefix: outer },
}: S3Suite): Promise<TestPlace> {
  const prefix = `${outer}${randomUUID()}/`;
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-s3-'));
  await mkdir(join(directory, '.tus'));
  const share = new S3Bucket(client, Bucket, prefix);
  const keys = async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
    return Contents.map(({ Key = '' }) => Key.slice(prefix.length)).filter((key) => !key.startsWith('.tus/'));
  };
  return {
    directory,
    database: { path: join(directory, '.tus', 'uploads.sqlite') },
    open: () => new S3Storage({ bucket: Bucket, client, prefix }),
    object: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: prefix + key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    objects: keys,
    putObject: async (key, bytes) =>
      void (await client.send(new PutObjectCommand({ Bucket, Key: prefix + key, Body: bytes }))),
    dropObject: async (key) =>
      void (await client.send(new DeleteObjectCommand({ Bucket, Key: prefix + key }))),
    leftovers: async () => {
      const all = (await share.leftovers()).map((name) => name.slice(prefix.length));
      return all.filter((name) => name.startsWith('.tus/') || name.endsWith(' (open)'));
    },
    close: async () => {
      await share.empty();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
